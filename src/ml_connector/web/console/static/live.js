// Charts and live rows. Every page shows the same without this file, as of when it was made.
(() => {
  "use strict";
  const all = (what) => [...document.querySelectorAll(what)];
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // A chart takes the place of the drawn one; colours are the tokens of the page, light or dark.
  const probe = document.createElement("span");
  probe.hidden = true;
  const color = (name) => {
    document.body.append(probe);
    probe.style.color = `var(--${name})`;
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
  const count = (value) => value == null ? "–" : value.toLocaleString("en-US").replace("-", "\u2212");

  const draw = (plot) => {
    const said = JSON.parse(plot.dataset.chart);
    if (!window.uPlot || said.x.length < 2) return;
    const bars = said.kind === "bars";
    const raw = said.series.map((one) => one.values);
    // Stacked: the last series stands on top, so that its sum is drawn first, behind the others.
    const sums = raw.map((_, n) => said.x.map((_, i) => raw.slice(0, n + 1).reduce((all, one) => all + one[i], 0)));
    const order = bars ? [...raw.keys()].reverse() : [...raw.keys()];
    const data = [said.x, ...order.map((n) => bars ? sums[n] : raw[n])];
    const ink = color("mut"), line = color("line");
    const font = "11.5px Inter, system-ui, sans-serif";
    const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
    const made = new window.uPlot({
      width: plot.clientWidth - 28, height: 252,
      tzDate: (seconds) => window.uPlot.tzDate(new Date(seconds * 1e3), plot.dataset.zone),
      cursor: { points: { show: !bars }, drag: { x: false, y: false } },
      legend: { live: true },
      scales: { y: { range: (_, low, high) => bars ? [0, Math.max(1, high)] : [low, high === low ? low + 1 : high] } },
      axes: [
        { ...axis, grid: { show: false }, values: (_, ticks) => ticks.map((at) => new Date(at * 1e3).toLocaleString("en-GB", bars
          ? { timeZone: plot.dataset.zone, hour: "2-digit", minute: "2-digit" }
          : { timeZone: plot.dataset.zone, day: "numeric", month: "short" })) },
        { ...axis, size: 46, values: (_, ticks) => ticks.map((one) => Number.isInteger(one) ? count(one) : "") },
      ],
      series: [
        { label: bars ? "Hour" : "Compared", value: (_, at) => at == null ? "–" : new Date(at * 1e3).toLocaleString("en-GB", { timeZone: plot.dataset.zone, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }) },
        ...order.map((n) => ({
          label: said.series[n].label, stroke: color(said.series[n].color), width: bars ? 0 : 2,
          fill: bars ? color(said.series[n].color) : undefined,
          paths: bars ? window.uPlot.paths.bars({ size: [0.62, 60], radius: 0.12, align: 1 }) : undefined,
          points: { show: false },
          value: (_, __, ___, i) => i == null ? "–" : count(raw[n][i]),
        })),
      ],
    }, data, (_, begin) => begin());
    const drawn = plot.querySelector("svg.chart");
    made.root.setAttribute("role", "img");
    made.root.setAttribute("aria-label", drawn?.getAttribute("aria-label") || "");
    plot.querySelector(".uplot")?.remove();
    plot.append(made.root);
    if (drawn) drawn.classList.add("drawn");
    return made;
  };

  document.addEventListener("DOMContentLoaded", () => {
    const plots = new Map(all("[data-chart]").map((one) => [one, draw(one)]));
    new ResizeObserver((seen) => seen.forEach(({ target }) =>
      plots.get(target)?.setSize({ width: target.clientWidth - 28, height: 252 }))).observe(document.body);
    addEventListener("resize", () => plots.forEach((made, plot) => made?.setSize({ width: plot.clientWidth - 28, height: 252 })));
    const again = () => plots.forEach((made, plot) => { made?.destroy(); plots.set(plot, draw(plot)); });
    new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);

    // Live rows come in at the top, only while nothing of the list is pointed at or focused.
    all("[data-live]").forEach((mark) => {
      const into = document.getElementById(mark.dataset.into);
      const said = mark.querySelector("[data-said]");
      const dot = mark.querySelector(".dot");
      const most = Math.max(10, into.rows.length);
      let waiting = [];
      const busy = () => into.matches(":hover") || into.contains(document.activeElement) || scrollY > into.getBoundingClientRect().bottom + scrollY;
      const put = (html) => {
        const shelf = document.createElement("template");
        shelf.innerHTML = html;
        const row = shelf.content.querySelector("tr");
        if (!row) return;
        const old = document.getElementById(row.id);
        if (old) old.replaceWith(row);
        else into.prepend(row);
        while (into.rows.length > most) into.rows[into.rows.length - 1].remove();
      };
      const settle = () => {
        if (busy()) { said.textContent = `${waiting.length} new`; return; }
        waiting.forEach(put);
        waiting = [];
        said.textContent = "live";
      };
      into.addEventListener("mouseleave", () => setTimeout(settle, 0));
      into.addEventListener("focusout", () => setTimeout(settle, 0));
      const source = new EventSource(mark.dataset.live);
      source.addEventListener("open", () => { mark.hidden = false; dot.classList.remove("wait"); if (!waiting.length) said.textContent = "live"; });
      source.addEventListener("row", (event) => { waiting.push(event.data); settle(); });
      source.addEventListener("error", () => { dot.classList.add("wait"); said.textContent = "connecting again"; });
      addEventListener("pagehide", () => source.close());
    });
  });
})();
