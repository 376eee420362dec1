// Sends the chosen files one after the other; the page shows them when all are there.
const form = document.querySelector(".upload");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const status = form.querySelector("[role=status]");
  const button = form.querySelector("button");
  button.disabled = true;
  for (const file of form.querySelector("input").files) {
    status.textContent = `Sending ${file.name} …`;
    const address = `${form.dataset.folder}/${encodeURIComponent(file.name)}`;
    const answer = await fetch(address, { method: "PUT", body: file });
    if (!answer.ok) {
      status.textContent = answer.status === 409 ? `${file.name} is there already` : `${file.name} was refused (${answer.status})`;
      button.disabled = false;
      return;
    }
  }
  location.reload();
});
