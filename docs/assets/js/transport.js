/* Optimal transport between five point masses on a line: the plan in sorted order, and the potential h with
   h' = -sign(F - G), both optimal for the cost |x - y|. Source: Villani, Optimal transport: old and new (2009). */
"use strict";

Fenchel.picture("transport", (stage, kit) => {
  const END = 10;
  const SIDES = { p: { name: "P", row: 1 }, q: { name: "Q", row: 0 } };
  // Masses are in tenths, so that their sums are exact and F = G is seen.
  const atoms = [
    { id: "p1", side: "p", mass: 5, at: 1 }, { id: "p2", side: "p", mass: 3, at: 4 },
    { id: "p3", side: "p", mass: 2, at: 9 },
    { id: "q1", side: "q", mass: 7, at: 3 }, { id: "q2", side: "q", mass: 3, at: 7 },
  ];
  const READ = [
    { id: "transport-primal", label: "what the plan costs", series: 4 },
    { id: "transport-dual", label: "what the potential gains", series: 3 },
    { id: "transport-steepest", label: "steepest slope of the potential", series: 3 },
  ];
  const margin = { top: 24, right: 22, bottom: 40, left: 44 };
  let width = 0;

  const drawing = kit.html("div");
  const table = kit.readouts(["Value"], READ);
  const sliders = kit.html("div", {
    style: "display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); column-gap: 1.6rem",
  });
  const columns = { p: kit.html("div"), q: kit.html("div") };
  sliders.append(columns.p, columns.q);
  for (const atom of atoms) {
    atom.slider = kit.slider({
      id: `transport-${atom.id}`, label: `${SIDES[atom.side].name}, mass ${atom.mass / 10}`, min: 0, max: END, step: 0.1,
      value: atom.at, digits: 1, onInput: (to) => move(atom, to),
    });
    columns[atom.side].append(atom.slider.element);
  }
  stage.append(drawing, sliders, table.element);

  function move(atom, to) {
    atom.at = Math.min(END, Math.max(0, Math.round(to * 10) / 10));
    atom.slider.set(atom.at);
    draw(width);
  }

  const sorted = (some) => [...some].sort((a, b) => a.at - b.at);

  /** From left to right, the first mass still there goes to the first place not yet filled: [from, to, tenths]. */
  function plan() {
    const [from, to] = ["p", "q"].map((side) => sorted(atoms.filter((atom) => atom.side === side)));
    const moves = [];
    for (let i = 0, j = 0, left = from[0].mass, room = to[0].mass; i < from.length && j < to.length;) {
      const some = Math.min(left, room);
      moves.push([from[i], to[j], some]);
      left -= some;
      room -= some;
      if (!left) left = from[++i]?.mass;
      if (!room) room = to[++j]?.mass;
    }
    return moves;
  }

  /** h at 0, at each atom and at END, falling where more of P than of Q lies to the left; flat where as much. */
  function potential() {
    const points = [[0, 0]];
    let ahead = 0; // F - G, in tenths
    for (const { side, mass, at } of [...sorted(atoms), { side: "p", mass: 0, at: END }]) {
      const [x, h] = points.at(-1);
      points.push([at, h - Math.sign(ahead) * (at - x)]);
      ahead += side === "p" ? mass : -mass;
    }
    const heights = points.map(([, h]) => h);
    const middle = (Math.max(...heights) + Math.min(...heights)) / 2;
    return points.map(([x, h]) => [x, h - middle]);
  }

  function piles(moves) {
    const plot = kit.axes({
      width, height: 190, x: [0, END], y: [-0.25, 1.25], yTicks: [[1, "P"], [0, "Q"]], margin: { ...margin, top: 6, bottom: 6 },
    });
    for (const [from, to, mass] of moves) {
      plot.line([from.at, 1], [to.at, 0], {
        class: "stroke series-4 transport-move", "data-from": from.id, "data-to": to.id, "data-mass": mass / 10,
        style: `stroke-width: ${2.4 * mass}; opacity: .7`,
      });
    }
    for (const atom of atoms) {
      const centre = [atom.at, SIDES[atom.side].row];
      const grip = kit.svg("g");
      plot.element.append(grip);
      grip.append(plot.dot(centre, { class: atom.side === "p" ? "ink-fill" : "fill series-4", r: 7 * Math.sqrt(atom.mass / 2) }));
      grip.append(plot.dot(centre, { fill: "transparent", r: 22 })); // room for a finger
      kit.drag(grip, plot, (x) => move(atom, x));
    }
    return plot.element;
  }

  function heights(points) {
    const plot = kit.axes({
      width, height: 230, margin, x: [0, END], y: [-5.2, 5.2], xTicks: [0, 2, 4, 6, 8, 10], yTicks: [-4, 0, 4],
      xLabel: "place", yLabel: "potential h",
    });
    plot.curve(points, { class: "stroke series-3" });
    for (const { side, at } of atoms) {
      plot.dot([at, height(points, at)], { class: side === "p" ? "ink-fill" : "fill series-4" });
    }
    return plot.element;
  }

  const height = (points, at) => points.find(([x]) => x === at)[1];

  function draw(to) {
    width = to;
    const moves = plan(), points = potential();
    drawing.replaceChildren(piles(moves), heights(points));
    const gains = atoms.map(({ side, mass, at }) => (side === "p" ? mass : -mass) / 10 * height(points, at));
    const slopes = points.slice(1).map(([x, h], i) => (x > points[i][0] ? Math.abs(h - points[i][1]) / (x - points[i][0]) : 0));
    table.set("transport-primal", "Value", moves.reduce((sum, [a, b, mass]) => sum + mass / 10 * Math.abs(a.at - b.at), 0));
    table.set("transport-dual", "Value", gains.reduce((sum, gain) => sum + gain, 0));
    table.set("transport-steepest", "Value", Math.max(...slopes));
  }
  return draw;
});
