// A link to a task opens the log of its newest attempt. Without this script the log opens by a click on its line.
function openLog() {
  const task = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const log = task && task.querySelector("details.newest");
  for (let piece = log; piece; piece = piece.parentElement.closest("details")) piece.open = true;
}
addEventListener("hashchange", openLog);
openLog();
