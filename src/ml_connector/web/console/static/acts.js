// An act that waits: a form with data-waits is sent 8 seconds after it was confirmed, unless
// it is undone. Who leaves the page has confirmed it: then it is sent at once. Without this
// file a form is sent as it is confirmed.
(() => {
  "use strict";
  const SECONDS = 8;
  const ROUND = 44; // length of the ring's line, as console.css has it
  const waiting = new Set();

  const made = (name, classes, text = "") => {
    const one = document.createElement(name);
    one.className = classes;
    one.textContent = text;
    return one;
  };
  const ring = () => {
    const spot = "http://www.w3.org/2000/svg";
    const drawn = document.createElementNS(spot, "svg");
    drawn.setAttribute("class", "left");
    drawn.setAttribute("viewBox", "0 0 18 18");
    drawn.setAttribute("aria-hidden", "true");
    for (let times = 0; times < 2; times += 1) {
      const circle = document.createElementNS(spot, "circle");
      for (const [key, value] of [["cx", 9], ["cy", 9], ["r", 7]]) circle.setAttribute(key, value);
      drawn.append(circle);
    }
    return drawn;
  };
  const place = () => {
    const there = document.querySelector(".toasts") || made("div", "toasts");
    there.setAttribute("role", "status");
    document.body.append(there);
    return there;
  };
  const drawer = (yes) => document.dispatchEvent(new CustomEvent("drawer", { detail: yes }));

  const wait = (form, button) => {
    const toast = made("div", "toast");
    const said = made("span", "", `${form.dataset.waits} in ${SECONDS} seconds`);
    const left = ring();
    const undo = made("button", "btn s", "Undo");
    undo.type = "button";
    toast.append(said, left, undo);
    place().append(toast);
    if (button) button.disabled = true;
    drawer(false);

    let rest = SECONDS * 1000;
    let last = Date.now();
    const one = { form, timer: 0 };
    const end = () => { clearInterval(one.timer); waiting.delete(one); toast.remove(); };
    one.timer = setInterval(() => {
      const now = Date.now();
      if (!toast.closest("[inert]")) rest -= now - last; // a drawer over the list covers it
      last = now;
      left.lastChild.style.strokeDashoffset = String(ROUND * (1 - Math.max(0, rest) / (SECONDS * 1000)));
      if (rest > 0) return;
      end();
      HTMLFormElement.prototype.submit.call(form);
    }, 200);
    undo.addEventListener("click", () => {
      end();
      if (button) button.disabled = false;
      drawer(true);
      button?.focus();
    });
    waiting.add(one);
    undo.focus();
  };

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-waits]");
    if (!form) return;
    event.preventDefault();
    if (![...waiting].some((one) => one.form === form)) wait(form, event.submitter);
  });

  addEventListener("pagehide", () => {
    for (const one of waiting) {
      clearInterval(one.timer);
      fetch(one.form.action, {
        method: "POST", body: new URLSearchParams(new FormData(one.form)), keepalive: true,
      });
    }
    waiting.clear();
  });
})();
