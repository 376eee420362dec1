"""The made-up data: the same bytes for everybody, in whatever range a day stands, and dirty enough to be useful."""

import json
from datetime import date

from payouts.seed import landing_files


def files(days: int, last_day: date, seed: int = 1) -> dict[str, str]:
    return dict(landing_files(days=days, last_day=last_day, timezone="Europe/Berlin", seed=seed))


def test_the_same_call_makes_the_same_bytes_and_another_seed_others():
    assert files(2, date(2026, 1, 3)) == files(2, date(2026, 1, 3))
    assert files(2, date(2026, 1, 3)) != files(2, date(2026, 1, 3), seed=2)


def test_a_day_has_the_same_orders_in_whatever_range_it_stands():
    """Seeded again tomorrow, the volume gets tomorrow's file, and it agrees with the ones that are there."""
    today, tomorrow = files(2, date(2026, 1, 3)), files(3, date(2026, 1, 4))
    assert {name: tomorrow[name] for name in today} == today
    assert set(tomorrow) - set(today) == {"orders/2026-01-04.json", "refunds/2026-01-04.json"}


def test_it_has_the_dirt_of_real_files_below_every_threshold():
    made = files(3, date(2026, 1, 3))
    lines = made["orders/2026-01-03.json"].splitlines()
    broken = [line for line in lines if not line.endswith("}")]
    assert len(broken) == 1
    assert len(broken) / len(lines) < 0.02
    assert len(set(lines)) < len(lines)
    times = [json.loads(line)["event_at"] for line in lines if line.endswith("}")]
    assert times != sorted(times)
    assert {row["status"] for row in map(json.loads, set(lines) - set(broken))} == {"placed", "delivered", "cancelled"}


def test_every_account_has_the_check_digits_of_an_iban_at_a_bank_that_does_not_exist():
    sellers = [json.loads(line) for line in files(1, date(2026, 1, 3))["sellers/all.json"].splitlines()]
    accounts = [seller["payout_account"] for seller in sellers if seller["payout_account"]]
    assert len(accounts) == len(sellers) - 1
    for account in accounts:
        assert account[4:8] == "TEST"
        assert int("".join(str(int(letter, 36)) for letter in account[4:] + account[:4])) % 97 == 1
