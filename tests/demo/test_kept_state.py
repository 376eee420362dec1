"""The made-up days and one's own files take turns in `.lakeflow/`, and neither loses anything."""

from pathlib import Path

from demo.kept_state import OWN_FILES, STORY, held, take_state


def contents(state: Path) -> set[str]:
    return {str(path.relative_to(state)) for path in state.rglob("*") if path.is_file() and path.name != "demo.json"}


def test_a_state_comes_back_as_it_was(tmp_path):
    state = tmp_path / ".lakeflow"
    assert take_state(state, STORY) is None
    (state / "warehouse").mkdir()
    (state / "warehouse/table").write_text("of the story")
    assert take_state(state, OWN_FILES) == STORY
    assert contents(state) == {f"put-by/{STORY}/warehouse/table"}
    (state / "gateway.db").write_text("of one's own")
    assert take_state(state, STORY) == OWN_FILES
    assert contents(state) == {"warehouse/table", f"put-by/{OWN_FILES}/gateway.db"}
    assert (state / "warehouse/table").read_text() == "of the story"
    take_state(state, OWN_FILES)
    assert contents(state) == {"gateway.db", f"put-by/{STORY}/warehouse/table"}


def test_asking_for_what_is_there_moves_nothing(tmp_path):
    take_state(tmp_path, OWN_FILES)
    (tmp_path / "gateway.db").touch()
    assert take_state(tmp_path, OWN_FILES) is None
    assert contents(tmp_path) == {"gateway.db"}


def test_runs_by_hand_belong_to_the_story(tmp_path):
    (tmp_path / "warehouse").mkdir()
    assert held(tmp_path) == STORY
    assert held(tmp_path / "nothing") is None
