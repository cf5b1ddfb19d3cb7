/* A convex generator f, its tangent at u, its conjugate f*, and the critic f'(e^v); f is picked or typed.

   What is typed is read by a parser of its own (a whitelist: nothing is evaluated as code) into a function
   that gives a value and a one-sided derivative, so that kinks have both slopes. The spelling is that of
   dv.FDivergence. Rows with a known closed form of f* use it; for the others the supremum is computed.
   Source: Rockafellar, Convex Analysis (1970), sections 12 and 23. */
"use strict";

/* --- reading a formula: [f(u), derivative of f in the direction d] from u and d = 1 or -1 --- */

const Formula = (() => {
  const TOKEN = /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(\*\*|[-+*/(),]))/y;
  const CONSTANTS = { pi: Math.PI, e: Math.E, E: Math.E };
  const along = (slope, d) => (d === 0 ? 0 : slope * d); // no NaN from a constant under an infinite slope
  const abs = ([a, da]) => (a === 0 ? [0, Math.abs(da)] : [Math.abs(a), a > 0 ? da : -da]);
  const larger = (x, y) => (x[0] === y[0] ? [x[0], Math.max(x[1], y[1])] : x[0] > y[0] ? x : y);
  const negative = ([a, da]) => [-a, -da];
  const log = ([a, da]) => [Math.log(a), along(1 / a, da)];
  const one = { fewest: 1, most: 1 };
  const FUNCTIONS = {
    log: { ...one, of: log }, ln: { ...one, of: log },
    exp: { ...one, of: ([a, da]) => [Math.exp(a), along(Math.exp(a), da)] },
    sqrt: { ...one, of: ([a, da]) => [Math.sqrt(a), along(0.5 / Math.sqrt(a), da)] },
    abs: { ...one, of: abs }, Abs: { ...one, of: abs },
  };
  FUNCTIONS.max = FUNCTIONS.Max = { fewest: 2, most: 8, of: (...all) => all.reduce(larger) };
  FUNCTIONS.min = FUNCTIONS.Min = { fewest: 2, most: 8, of: (...all) => negative(all.map(negative).reduce(larger)) };

  const add = ([a, da], [b, db]) => [a + b, da + db];
  const times = ([a, da], [b, db]) => [a * b, along(b, da) + along(a, db)];
  const divide = ([a, da], [b, db]) => [a / b, da / b - along(a / b / b, db)];
  function power([a, da], [b, db]) {
    if (db === 0) return [a ** b, b === 0 ? 0 : along(b * a ** (b - 1), da)];
    return [a ** b, along(a ** b * Math.log(a), db) + along(b * a ** (b - 1), da)];
  }

  function tokens(text) {
    if (text.length > 200) throw new Error("A formula of at most 200 characters, please.");
    if (text.includes("^")) throw new Error("Write ** for a power: u**2, not u^2.");
    const found = [];
    for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.trimEnd().length;) {
      const at = TOKEN.lastIndex, match = TOKEN.exec(text);
      if (!match) throw new Error(`“${text.slice(at).trim()[0]}” means nothing here.`);
      found.push(match[1] !== undefined ? { number: Number(match[1]) } : { name: match[2], sign: match[3] });
    }
    return found;
  }

  function read(text) {
    const list = tokens(text);
    let at = 0, depth = 0;
    const next = (sign) => list[at]?.sign === sign && (at += 1);
    const shown = (token) => (token ? `“${token.sign ?? token.name ?? token.number}”` : "the end");
    const need = (sign) => {
      if (!next(sign)) throw new Error(`Expected “${sign}” before ${shown(list[at])}.`);
    };

    function sum() {
      if ((depth += 1) > 40) throw new Error("Too many brackets inside one another.");
      let left = product();
      for (;;) {
        const a = left, joined = next("+") ? add : next("-") ? (x, y) => add(x, negative(y)) : null;
        if (!joined) break;
        const b = product();
        left = (u, d) => joined(a(u, d), b(u, d));
      }
      depth -= 1;
      return left;
    }
    function product() {
      let left = unary();
      for (;;) {
        const a = left, joined = next("*") ? times : next("/") ? divide : null;
        if (!joined) return left;
        const b = unary();
        left = (u, d) => joined(a(u, d), b(u, d));
      }
    }
    function unary() {
      let flips = 0;
      while (list[at]?.sign === "-" || list[at]?.sign === "+") flips += list[at++].sign === "-";
      const inner = raised();
      return flips % 2 ? (u, d) => negative(inner(u, d)) : inner;
    }
    function raised() {
      const base = atom();
      if (!next("**")) return base;
      if ((depth += 1) > 40) throw new Error("Too many powers of powers.");
      const exponent = unary();
      depth -= 1;
      return (u, d) => power(base(u, d), exponent(u, d));
    }
    function atom() {
      const token = list[at];
      if (token?.number !== undefined) { at += 1; return () => [token.number, 0]; }
      if (next("(")) { const inner = sum(); need(")"); return inner; }
      if (!token?.name) throw new Error(`Expected a number, u or a bracket before ${shown(token)}.`);
      at += 1;
      if (token.name === "u") return (u, d) => [u, d];
      if (Object.hasOwn(CONSTANTS, token.name)) return () => [CONSTANTS[token.name], 0];
      if (!Object.hasOwn(FUNCTIONS, token.name))
        throw new Error(`No “${token.name}” here: use u, numbers, + - * / **, log, exp, sqrt, abs, max, min, pi, e.`);
      return call(token.name, FUNCTIONS[token.name]);
    }
    function call(name, { fewest, most, of }) {
      need("(");
      const parts = [sum()];
      while (next(",")) parts.push(sum());
      need(")");
      if (parts.length < fewest || parts.length > most)
        throw new Error(`${name} takes ${fewest === most ? "one value" : "two values or more"}, here ${parts.length}.`);
      return (u, d) => of(...parts.map((part) => part(u, d)));
    }

    if (!list.length) throw new Error("Type a formula in u.");
    const whole = sum();
    if (at < list.length) throw new Error(`Expected an operator before ${shown(list[at])}.`);
    return whole;
  }
  return { read };
})();

/* --- what follows from f --- */

/** The limit of three values taken ever further out: by their geometric rate, infinite where they do not settle. */
function limitOf([a, b, c]) {
  const first = b - a, second = c - b;
  if (![a, b, c].every(Number.isFinite)) return Number.isNaN(c) ? NaN : c;
  if (Math.abs(second) <= 1e-9 * (1 + Math.abs(c))) return c;
  const rate = second / first;
  return Math.abs(rate) < 0.9 ? c + (second * rate) / (1 - rate) : second * Infinity;
}

/** Throws in words where f is not a finite convex function; `closed` is {star, top} where f* is known. */
function generator(text, closed = null) {
  const f = Formula.read(text);
  const value = (u) => f(u, 1)[0], right = (u) => f(u, 1)[1], left = (u) => -f(u, -1)[1];
  const far = (g) => { // at ever larger exponents of ten, as large as g allows
    for (const size of [50, 20, 8, 3]) {
      const limit = limitOf([1, 2, 3].map((k) => g(size * k)));
      if (!Number.isNaN(limit)) return Math.abs(limit) < 1e-12 ? 0 : limit;
    }
    return NaN;
  };
  const powers = Array.from({ length: 1001 }, (_, i) => 10 ** (-4 + i * 0.008));
  const steps = Array.from({ length: 400 }, (_, i) => (i + 1) / 100);
  const grid = [...new Set([...powers, ...steps])].sort((a, b) => a - b);
  const odd = grid.find((u) => !Number.isFinite(value(u)) && !(value(u) === Infinity && (u > 10 || u < 0.01)));
  if (odd !== undefined)
    throw new Error(`f has to be a finite real number for every u > 0; at u = ${Number(odd.toPrecision(2))} it is not.`);
  for (const points of [grid.filter((u) => u >= 0.05 && u <= 4), grid.filter((u) => Number.isFinite(right(u)))]) {
    let steepest = { u: 0, slope: -Infinity }, worst = null;
    for (const u of points)
      for (const slope of [left(u), right(u)]) {
        if (slope < steepest.slope - 1e-9 * (1 + Math.abs(steepest.slope)) &&
            (!worst || steepest.slope - slope > worst.from.slope - worst.to.slope))
          worst = { from: steepest, to: { u, slope } };
        if (slope > steepest.slope) steepest = { u, slope };
      }
    if (worst)
      throw new Error(`Not convex: the slope falls from ${Fenchel.format(worst.from.slope, 2)} at u = ` +
        `${Number(worst.from.u.toPrecision(3))} to ${Fenchel.format(worst.to.slope, 2)} at u = ${Number(worst.to.u.toPrecision(3))}.`);
  }
  const atZero = far((x) => value(10 ** -x));
  const slopeAtZero = far((x) => right(10 ** -x));
  const top = closed ? closed.top : far((x) => left(10 ** x));
  const last = grid.findLast((u) => Number.isFinite(value(u)) && Number.isFinite(right(u)));
  const LOW = Math.log(1e-8), HIGH = Math.log(last < grid.at(-1) ? last : 1e8); // where f can be computed

  /** sup over u > 0 of u t - f(u): where the slope of f passes t, by halving an interval of log u. */
  function supremum(t) {
    if (t > top) return Infinity;
    if (t <= slopeAtZero) return -atZero;
    if (t === top) return limitOf([2, 4, 6].map((x) => 10 ** x * left(10 ** x) - value(10 ** x)));
    let low = LOW, high = HIGH;
    for (let i = 0; i < 70; i++) {
      const middle = (low + high) / 2;
      if (left(Math.exp(middle)) > t) high = middle; else low = middle;
    }
    const u = Math.exp((low + high) / 2);
    return u * t - value(u);
  }
  const star = closed ? closed.star : supremum;
  const slope = (u) => (left(u) + right(u)) / 2; // at a kink the midpoint, as the library's critic
  return { value: (u) => (u === 0 ? atZero : value(u)), slope, left, right, star, atZero, slopeAtZero, top,
           inside: Number.isFinite(star(top)), atOne: value(1) };
}

/* --- the picture --- */

Fenchel.picture("f-divergences", (stage, kit) => {
  const closed = (top, words, star) => ({ top, words, star: (t) => (t > top ? Infinity : star(t)) });
  const ROWS = [
    ["kl", "KL", "u*log(u)", closed(Infinity, "exp(t − 1)", (t) => Math.exp(t - 1))],
    ["reverse_kl", "reverse KL", "-log(u)", closed(0, "−1 − log(−t)", (t) => -1 - Math.log(-t))],
    ["pearson", "Pearson χ²", "(u - 1)**2",
      closed(Infinity, "t + t²/4 from t = −2 on, −1 below", (t) => (t < -2 ? -1 : t + (t * t) / 4))],
    ["neyman", "Neyman χ²", "(1 - u)**2/u", closed(1, "2 − 2√(1 − t)", (t) => 2 - 2 * Math.sqrt(1 - t))],
    ["squared_hellinger", "squared Hellinger", "(sqrt(u) - 1)**2/2", closed(0.5, "t/(1 − 2t)", (t) => t / (1 - 2 * t))],
    ["jensen_shannon", "Jensen-Shannon", "u*log(u)/2 - (u + 1)*log((u + 1)/2)/2",
      closed(Math.LN2 / 2, "−½ log(2 − exp(2t))", (t) => -Math.log(2 - Math.exp(2 * t)) / 2)],
    ["gan", "GAN", "u*log(u) - (u + 1)*log(u + 1)", closed(0, "−log(1 − exp(t))", (t) => -Math.log(-Math.expm1(t)))],
    ["le_cam", "Le Cam", "(u - 1)**2/(u + 1)",
      closed(1, "4 − t − 4√(1 − t) from t = −3 on, −1 below", (t) => (t < -3 ? -1 : 4 - t - 4 * Math.sqrt(1 - t)))],
    ["jeffreys", "Jeffreys", "(u - 1)*log(u)", null],
    ["arithmetic_geometric", "arithmetic-geometric", "(u + 1)/2*log((u + 1)/(2*sqrt(u)))", null],
    ["total_variation", "total variation", "abs(u - 1)/2",
      closed(0.5, "t from t = −½ on, −½ below", (t) => Math.max(t, -0.5))],
  ];
  const ID = "f-divergences", FROM = 0.05, TO = 4;
  const show = kit.format;
  let f = generator(ROWS[0][2], ROWS[0][3]), words = ROWS[0][3].words, u = 2, width = 0, waiting = 0;

  const select = kit.html("select", { id: `${ID}-generator` },
    ...ROWS.map(([id, label]) => kit.html("option", { value: id }, label)), kit.html("option", { value: "typed" }, "your own"));
  const input = kit.html("input", { id: `${ID}-text`, type: "text", maxlength: 200, "aria-describedby": `${ID}-message`,
    spellcheck: "false", autocomplete: "off", autocapitalize: "off",
    style: "flex: 1 1 14rem; max-width: none; min-width: 0; font-family: var(--md-code-font-family, monospace)" });
  const message = kit.html("p", { id: `${ID}-message`, role: "status", class: "quiet", style: "margin: .3rem 0; min-height: 3em" });
  const controls = kit.html("div", { class: "filter" }, kit.html("label", { for: select.id }, "Divergence"), select,
    kit.html("label", { for: input.id }, "f(u) ="), input);
  const above = kit.html("div"), below = kit.html("div", { style: "display: flex; flex-wrap: wrap" });
  const slider = kit.slider({ id: `${ID}-u`, label: "u", min: FROM, max: TO, step: 0.01, value: u, onInput: move });
  const table = kit.readouts(["Value"], [
    { id: `${ID}-f`, label: "f(u)", series: 4 },
    { id: `${ID}-slope`, label: "t = f′(u)", series: 1 },
    { id: `${ID}-conjugate`, label: "f*(t)", series: 3 },
    { id: `${ID}-gap`, label: "f(u) + f*(t) − u t", series: "none" },
    { id: `${ID}-domain`, label: "f* is finite for t in", series: "none" },
    { id: `${ID}-zero`, label: "f(0)", series: "none" },
    { id: `${ID}-infinity`, label: "f′(∞)", series: "none" },
    { id: `${ID}-most`, label: "the most D can be", series: "none" },
  ]);
  stage.append(controls, message, above, slider.element, below, table.element);
  input.value = ROWS[0][2];

  select.addEventListener("change", () => {
    const row = ROWS.find(([id]) => id === select.value);
    if (!row) return input.focus();
    input.value = row[2];
    take(row[2], row[3]);
  });
  input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(typed, 300); });
  input.addEventListener("change", () => { clearTimeout(waiting); typed(); });

  function typed() {
    const row = ROWS.find(([, , text]) => text === input.value.trim());
    select.value = row ? row[0] : "typed";
    take(input.value, row ? row[3] : null);
  }

  /** Draws another f, or says why not and leaves the picture as it is. */
  function take(text, known) {
    try {
      f = generator(text, known);
    } catch (error) {
      input.setAttribute("aria-invalid", "true");
      message.textContent = `${error.message} The picture still shows the last one.`;
      return;
    }
    input.removeAttribute("aria-invalid");
    words = known ? known.words : "";
    draw(width);
  }

  function remark() {
    const form = words ? `f*(t) = ${words}.` : "f* computed as a supremum, point by point.";
    const one = Math.abs(f.atOne) > 1e-9 ? ` Mind f(1) = ${show(f.atOne)}: D(P‖P) is that, not 0.` : "";
    const kink = f.right(u) - f.left(u) > 1e-9 ? ` A kink: every t from ${show(f.left(u), 2)} to ${show(f.right(u), 2)} touches here.` : "";
    message.textContent = form + one + kink;
  }

  function move(to) {
    u = Math.min(TO, Math.max(FROM, Math.round(to * 100) / 100));
    slider.set(u);
    draw(width);
  }

  /** Ticks at 1, 2 or 5 times a power of ten, about `n` of them. */
  function ticks([low, high], n = 5) {
    const raw = (high - low) / n, unit = 10 ** Math.floor(Math.log10(raw));
    const step = unit * [1, 2, 5, 10].find((k) => k * unit >= raw * 0.999);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const first = Math.ceil(low / step - 1e-9);
    return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step)
      .map((value) => [value, Math.abs(value) < 1e5 ? show(value, digits) : value.toExponential(0)]);
  }

  function padded(low, high) {
    const more = 0.08 * (high - low || 1);
    return [low - more, high + more];
  }

  /** Axes whose curves are cut at the frame. */
  function frame(name, x, y, options) {
    const margin = { top: 22, right: 14, bottom: 40, left: 44 };
    const below = [y[0], y[1] - 0.06 * (y[1] - y[0])]; // above it stands the axis' name
    const plot = kit.axes({
      x, y, margin, xTicks: ticks(x, options.width < 360 ? 4 : 6), yTicks: ticks(below, 4), ...options,
    });
    plot.element.append(kit.svg("clipPath", { id: `${ID}-${name}` }, kit.svg("rect", {
      x: margin.left, y: margin.top, width: options.width - margin.left - margin.right,
      height: options.height - margin.top - margin.bottom })));
    plot.cut = { "clip-path": `url(#${ID}-${name})` };
    /** The mark of where we are; hollow at the edge where that lies outside. */
    plot.mark = (at, series) => {
      const inside = at[0] >= x[0] && at[0] <= x[1] && at[1] >= y[0] && at[1] <= y[1];
      const held = [Math.min(x[1], Math.max(x[0], at[0])), Math.min(y[1], Math.max(y[0], at[1]))];
      plot.dot(held, { class: `${inside ? "fill" : "hollow"} series-${series}` });
    };
    return plot;
  }

  function tangent(t, star) {
    const bottom = Math.min(-f.star(f.slope(2)), f.value(1), f.value(2), f.value(TO)), top = Math.max(f.value(3), f.value(0.2));
    const y = [bottom - 0.18 * (top - bottom || 1), padded(bottom, top)[1]]; // room for a word below
    const plot = frame("f", [0, TO], y, { width, height: 270, xLabel: "u", yLabel: "f(u)" });
    plot.line([u, plot.toY(22)], [u, plot.toY(230)], { class: "stroke now" });
    plot.curve(kit.sample((x) => f.value(u) + t * (x - u), 0, TO, 2), { class: "stroke series-1", ...plot.cut });
    plot.curve(kit.sample(f.value, 0, TO, 400), { class: "stroke series-4", ...plot.cut });
    plot.mark([0, -star], 1);
    const seen = plot.Y(-star) > 30 && plot.Y(-star) < 226;
    if (seen) plot.text([plot.X(0) + 9, plot.Y(-star) + (t > 0 ? 15 : -7)], "−f*(t)");
    plot.mark([u, f.value(u)], 4);
    kit.drag(plot.element, plot, move);
    return plot.element;
  }

  /** The range of t that is drawn, in the conjugate's picture across and in the critic's upwards. */
  function slopes() {
    let low = f.slope(0.25), high = f.slope(TO);
    const span = high - low || 1;
    low = Number.isFinite(f.slopeAtZero) ? f.slopeAtZero - 0.3 * span : low - 0.15 * span;
    high = Number.isFinite(f.top) ? f.top + 0.12 * span : high + 0.05 * span;
    return [low, high];
  }

  function conjugate(t, star, range, size) {
    const shown = Math.max(f.star(f.slope(TO)), f.star(f.slope(1)) + 0.1 * (range[1] - range[0]));
    const bottom = f.star(range[0]);
    const plot = frame("conjugate", range, padded(bottom, shown), { ...size, xLabel: "t", yLabel: "f*(t)" });
    if (f.top < range[1]) {
      const [x, y] = [plot.X(f.top), plot.Y(padded(bottom, shown)[1])];
      plot.element.append(kit.svg("rect", { x, y, width: plot.X(range[1]) - x, height: size.height - 40 - y,
        fill: "var(--rule)", opacity: 0.55 }));
      plot.text([(x + plot.X(range[1])) / 2, y + 14], "∞", { "text-anchor": "middle" });
    }
    plot.curve(kit.sample(f.star, range[0], Math.min(range[1], f.top), 240), { class: "stroke series-3", ...plot.cut });
    if (f.inside && f.top < range[1]) plot.dot([f.top, f.star(f.top)], { class: "ink-fill", r: 3.5 });
    plot.mark([t, star], 3);
    return plot.element;
  }

  function critic(t, range, size) {
    const plot = frame("critic", [-3, 3], range, { ...size, xLabel: "v, for log p/q", yLabel: "f′(exp v)" });
    const ends = [[f.top, "f′(∞)", -3, 5, 15, "start"], [f.slopeAtZero, "f′(0)", 3, -5, -5, "end"]];
    for (const [end, name, at, dx, dy, anchor] of ends.filter(([end]) => Number.isFinite(end))) {
      plot.line([-3, end], [3, end], { class: "stroke now" });
      plot.text([plot.X(at) + dx, plot.Y(end) + dy], name, { "text-anchor": anchor });
    }
    const jump = (v) => (f.right(Math.exp(v)) - f.left(Math.exp(v)) > 1e-9 ? NaN : f.slope(Math.exp(v)));
    plot.curve(kit.sample(jump, -3, 3, 240), { class: "stroke series-2", ...plot.cut });
    plot.mark([Math.log(u), t], 2);
    return plot.element;
  }

  function draw(to) {
    width = to;
    const t = f.slope(u), star = f.star(t), range = slopes(), wide = width >= 560;
    const size = { width: wide ? Math.floor(width / 2) : width, height: 210 };
    above.replaceChildren(tangent(t, star));
    below.replaceChildren(conjugate(t, star, range, size), critic(t, range, size));
    table.set(`${ID}-f`, "Value", f.value(u));
    table.set(`${ID}-slope`, "Value", t);
    table.set(`${ID}-conjugate`, "Value", star);
    table.set(`${ID}-gap`, "Value", f.value(u) + star - u * t);
    table.set(`${ID}-domain`, "Value", f.top === Infinity ? "(−∞, ∞)" : `(−∞, ${show(f.top)}${f.inside ? "]" : ")"}`);
    table.set(`${ID}-zero`, "Value", f.atZero);
    table.set(`${ID}-infinity`, "Value", f.top);
    table.set(`${ID}-most`, "Value", f.atZero + f.top);
    remark();
  }
  return draw;
});
