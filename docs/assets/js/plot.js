/* What every interactive picture shares: elements, axes, curves, dragging, a slider, read-outs.

   A picture is one file beside this one:

     Fenchel.picture("name", (stage, kit) => {
       stage.append(kit.slider({ id: "name-theta", label: "θ", min: -1, max: 1, step: 0.01, value: 0.6,
                                 onInput: (value) => { theta = value; redraw(); } }).element);
       return (width) => { ... };   // draws everything for this width in CSS pixels; called again when it changes
     });

   It runs from a folder as well as from a server: no module, no request. Colours are CSS classes
   (`series-1` to `series-4`, `ink`, `grid`), so that a change of theme needs no redrawing. Numbers that a
   test compares stand in elements with an id, written by `kit.format`. */
"use strict";

const Fenchel = (() => {
  const SVG = "http://www.w3.org/2000/svg";

  /** kit.svg("line", {x1: 0, class: "grid"}, ...children); children are elements or text. */
  function svg(tag, attributes = {}, ...children) {
    return fill(document.createElementNS(SVG, tag), attributes, children);
  }

  function html(tag, attributes = {}, ...children) {
    return fill(document.createElement(tag), attributes, children);
  }

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  /** Four decimals, a real minus sign, ∞ for infinity, no "−0". */
  function format(value, digits = 4) {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "undefined" : value > 0 ? "∞" : "−∞";
    const text = value.toFixed(digits);
    return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
  }

  /** Axes in a box of width x height CSS pixels. `x`, `y` are the ranges, `xTicks`, `yTicks` arrays of numbers
      or of [number, text]. Gives {element, X, Y, toX, toY, curve, line, dot, text}. */
  function axes({ width, height, x, y, xTicks = [], yTicks = [], xLabel = "", yLabel = "",
                  margin = { top: 12, right: 14, bottom: 40, left: 44 } }) {
    const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
    const X = (value) => margin.left + ((value - x[0]) / (x[1] - x[0])) * inner.width;
    const Y = (value) => margin.top + ((y[1] - value) / (y[1] - y[0])) * inner.height;
    const toX = (pixel) => x[0] + ((pixel - margin.left) / inner.width) * (x[1] - x[0]);
    const toY = (pixel) => y[1] - ((pixel - margin.top) / inner.height) * (y[1] - y[0]);
    const element = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    const text = (at, words, attributes = {}) => {
      const made = svg("text", { x: at[0], y: at[1], class: "ink", ...attributes }, words);
      element.append(made);
      return made;
    };
    const line = (from, to, attributes) => {
      const made = svg("line", { x1: X(from[0]), y1: Y(from[1]), x2: X(to[0]), y2: Y(to[1]), ...attributes });
      element.append(made);
      return made;
    };
    for (const tick of xTicks) {
      const [value, words] = Array.isArray(tick) ? tick : [tick, format(tick, Number.isInteger(tick) ? 0 : 1)];
      line([value, y[0]], [value, y[1]], { class: "grid" });
      text([X(value), height - margin.bottom + 16], words, { "text-anchor": "middle" });
    }
    for (const tick of yTicks) {
      const [value, words] = Array.isArray(tick) ? tick : [tick, format(tick, Number.isInteger(tick) ? 0 : 1)];
      line([x[0], value], [x[1], value], { class: "grid" });
      text([margin.left - 7, Y(value) + 4], words, { "text-anchor": "end" });
    }
    if (xLabel) text([margin.left + inner.width / 2, height - 6], xLabel, { "text-anchor": "middle" });
    if (yLabel) text([4, margin.top - 2], yLabel);
    /** Points [x, y]; a null or infinite one breaks the curve. */
    const curve = (points, attributes) => {
      let path = "", pen = "M";
      for (const point of points) {
        if (!point || !point.every(Number.isFinite)) { pen = "M"; continue; }
        path += `${pen}${X(point[0]).toFixed(2)},${Y(point[1]).toFixed(2)}`;
        pen = "L";
      }
      const made = svg("path", { d: path, fill: "none", ...attributes });
      element.append(made);
      return made;
    };
    const dot = (at, attributes) => {
      const made = svg("circle", { cx: X(at[0]), cy: Y(at[1]), r: 4.5, ...attributes });
      element.append(made);
      return made;
    };
    return { element, X, Y, toX, toY, curve, line, dot, text };
  }

  /** Calls move(x, y) in the plot's own units while the pointer is down on `target`. Sideways dragging does not
      scroll the page; a slider beside it must do the same for the keyboard. */
  function drag(target, plot, move) {
    let box; // where the plot lay when the pointer came down: a redrawing replaces the plot meanwhile
    const at = (event) => move(plot.toX(event.clientX - box.left), plot.toY(event.clientY - box.top));
    target.classList.add("draggable");
    target.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      box = plot.element.getBoundingClientRect();
      at(event);
      follow();
    });
    function follow() {
      const stop = () => {
        window.removeEventListener("pointermove", at);
        window.removeEventListener("pointerup", stop);
        window.removeEventListener("pointercancel", stop);
      };
      window.addEventListener("pointermove", at);
      window.addEventListener("pointerup", stop);
      window.addEventListener("pointercancel", stop);
    }
  }

  /** A labelled range input with its value beside it. `set(value)` moves it without calling onInput. */
  function slider({ id, label, min, max, step, value, digits = 2, onInput }) {
    const input = html("input", { type: "range", id, min, max, step, value });
    const shown = html("output", { for: id, id: `${id}-value` });
    const set = (now) => { input.value = now; shown.textContent = format(Number(input.value), digits); };
    input.addEventListener("input", () => { set(input.value); onInput(Number(input.value)); });
    set(value);
    const element = html("div", { class: "slider" }, html("label", { for: id }, label), input, shown);
    return { element, set };
  }

  /** A table of numbers: columns are headings, rows [{id, label, series}]; cell ids are `${id}-${column}` in lower
      case. `set(id, column, value)` writes one. */
  function readouts(columns, rows) {
    const cells = new Map();
    const body = rows.map(({ id, label, series }) => html("tr", {},
      html("th", { scope: "row" }, html("span", { class: `swatch series-${series}` }), label),
      ...columns.map((column) => {
        const cell = html("td", { id: `${id}-${column.toLowerCase()}` });
        cells.set(cell.id, cell);
        return cell;
      })));
    const head = html("tr", {}, html("th", { scope: "col" }, ""),
      ...columns.map((column) => html("th", { scope: "col" }, column)));
    const element = html("table", { class: "readouts" }, html("thead", {}, head), html("tbody", {}, ...body));
    const set = (id, column, value, digits) => {
      cells.get(`${id}-${column.toLowerCase()}`).textContent =
        typeof value === "string" ? value : format(value, digits);
    };
    return { element, set };
  }

  /** Points of a function over [from, to]. */
  function sample(f, from, to, n = 200) {
    return Array.from({ length: n + 1 }, (_, i) => from + ((to - from) * i) / n).map((x) => [x, f(x)]);
  }

  /** Sets up every picture of that name in the page, and draws it again when its width changes. */
  function picture(name, setUp) {
    for (const figure of document.querySelectorAll(`[data-picture="${name}"]`)) {
      const stage = figure.querySelector(".picture-stage");
      const draw = setUp(stage, Fenchel);
      let width = 0;
      new ResizeObserver(() => {
        if (stage.clientWidth && stage.clientWidth !== width) draw((width = stage.clientWidth));
      }).observe(stage);
      draw((width = stage.clientWidth));
    }
  }

  return { picture, svg, html, format, axes, drag, slider, readouts, sample };
})();
