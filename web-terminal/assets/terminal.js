// What the page runs when a turn is a terminal: fetches its program and its looks together, and then it is there.
const program = fetch("./vez_terminal_bg.wasm");
const looks = document.createElement("link");
looks.rel = "stylesheet";
looks.href = "./terminal.css";
const dressed = new Promise((done) => {
  looks.onload = looks.onerror = done;
});
document.head.append(looks);
try {
  const { default: init, VezTerminal } = await import("./vez_terminal.js");
  await Promise.all([init({ module_or_path: program }), dressed]);
  globalThis.VezTerminal = VezTerminal;
} finally {
  // A script's own "load" does not wait for what it awaits.
  dispatchEvent(new Event("terminal"));
}
