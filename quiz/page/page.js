"use strict";
// Keys: A to D (or 1 to 4) answer, Enter goes on. Nothing is stored and nothing is sent.
const DATA = JSON.parse(document.getElementById("data").textContent);
const LETTERS = "ABCD";
const main = document.getElementById("main");
const progress = document.getElementById("progress");
let onKey = () => {};

document.addEventListener("keydown", (event) => {
  if (!event.ctrlKey && !event.metaKey && !event.altKey) onKey(event);
});

function element(tag, settings = {}, ...children) {
  const made = Object.assign(document.createElement(tag), settings);
  made.append(...children);
  return made;
}

function show(text, ...children) {
  progress.textContent = text;
  main.replaceChildren(...children);
  main.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function shuffled(list) {
  const copy = [...list];
  for (let n = copy.length - 1; n > 0; n -= 1) {
    const other = Math.floor(Math.random() * (n + 1));
    [copy[n], copy[other]] = [copy[other], copy[n]];
  }
  return copy;
}

function start() {
  const boxes = DATA.topics.map((topic) => element("input", { type: "checkbox", checked: true }));
  const labels = DATA.topics.map((topic, n) =>
    element("label", { className: "topic" }, boxes[n], `${topic.title} (${topic.questions.length})`));
  const chosen = () => DATA.topics.flatMap((topic, n) =>
    boxes[n].checked ? topic.questions.map((question) => ({ ...question, topic })) : []);
  const begin = (limit) => () => {
    const questions = shuffled(chosen()).slice(0, limit);
    if (questions.length) ask(questions, 0, []);
    else progress.textContent = "Choose a topic first.";
  };
  const all = element("button", { className: "primary", textContent: "All questions", onclick: begin(Infinity) });
  const ten = element("button", { textContent: "Ten at random", onclick: begin(10) });
  onKey = (event) => { if (event.key === "Enter" && event.target === main) begin(Infinity)(); };
  show("", element("p", {
    textContent: "Each scenario has one right answer. Afterwards each answer is argued, and what can be run to see it is named.",
  }), element("h2", { textContent: "Topics" }), element("div", { className: "topics" }, ...labels),
  element("div", { className: "row" }, all, ten),
  element("p", { className: "soft", textContent: "Keys: A to D answer, Enter goes on." }));
}

function ask(questions, at, given) {
  const question = questions[at];
  const buttons = question.answers.map(([text], n) => {
    const button = element("button", { type: "button", onclick: () => answered(n) }, element("b", { textContent: LETTERS[n] }));
    button.append(element("span", { innerHTML: text }));
    return button;
  });
  const below = element("div");
  function answered(chosen) {
    given.push({ question, chosen });
    const good = chosen === question.right;
    buttons.forEach((button, n) => {
      button.disabled = true;
      if (n === question.right) button.className = "right";
      else if (n === chosen) button.className = "wrong";
      button.append(element("span", { className: "argument", innerHTML: question.answers[n][1] }));
    });
    const last = at + 1 === questions.length;
    const next = () => (last ? end(given) : ask(questions, at + 1, given));
    const button = element("button", { className: "primary", textContent: last ? "Scores" : "Next", onclick: next });
    below.append(
      element("p", { className: `verdict ${good ? "good" : "bad"}`, role: "status",
        textContent: good ? "Right." : `Not ${LETTERS[chosen]}: ${LETTERS[question.right]} is right.` }),
      element("p", { className: "soft", innerHTML: `In the guide: ${question.rows.join("; ")}` }),
      element("p", { className: "soft", textContent: "See it:" }),
      ...question.commands.map((command) => element("pre", {}, element("code", { textContent: command }))),
      element("div", { className: "row next" }, button));
    onKey = (event) => { if (event.key === "Enter" && event.target !== button) next(); };
    button.focus({ preventScroll: true });
  }
  onKey = (event) => {
    const n = Math.max(LETTERS.indexOf(event.key.toUpperCase()), "1234".indexOf(event.key));
    if (event.key.length === 1 && n >= 0) answered(n);
  };
  const right = given.filter((entry) => entry.chosen === entry.question.right).length;
  show(`Question ${at + 1} of ${questions.length} · ${right} right so far · ${question.topic.title}`,
    element("p", { className: "scenario", innerHTML: question.scenario }),
    element("ul", { className: "answers" }, ...buttons.map((button) => element("li", {}, button))), below);
}

function end(given) {
  const isRight = (entry) => entry.chosen === entry.question.right;
  const rows = DATA.topics.flatMap((topic) => {
    const asked = given.filter((entry) => entry.question.topic === topic);
    if (!asked.length) return [];
    const right = asked.filter(isRight).length;
    const cell = element("td", {}, element("div", { textContent: topic.title }), element("meter", { min: 0, max: asked.length, value: right }));
    if (100 * right < DATA.pass * asked.length) {
      cell.append(element("div", { className: "soft" }, "To read: ", element("a", { href: topic.href, textContent: topic.read })));
    }
    return [element("tr", {}, cell, element("td", { textContent: `${right} of ${asked.length}` }))];
  });
  const missed = given.filter((entry) => !isRight(entry)).map((entry) => entry.question);
  const again = element("button", { textContent: `Ask the ${missed.length} missed again`, onclick: () => ask(shuffled(missed), 0, []) });
  const anew = element("button", { className: "primary", textContent: "Start anew", onclick: start });
  onKey = (event) => { if (event.key === "Enter" && event.target === main) start(); };
  show(`${given.length - missed.length} of ${given.length} right`,
    element("h2", { textContent: "By topic" }), element("table", {}, element("tbody", {}, ...rows)),
    element("div", { className: "row" }, anew, ...(missed.length ? [again] : [])));
}

start();
