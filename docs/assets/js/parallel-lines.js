/* P uniform on {0} x [0, 1], Q on {theta} x [0, 1]: what four measures of difference say of theta.
   Source: Arjovsky, Chintala, Bottou, Wasserstein GAN (2017), Example 1. */
"use strict";

Fenchel.picture("parallel-lines", (stage, kit) => {
  // The slope is that of the measure in theta, where it has one.
  const MEASURES = [
    { id: "parallel-lines-kl", label: "KL", series: 1, value: (t) => (t === 0 ? 0 : Infinity), slope: () => "none" },
    { id: "parallel-lines-tv", label: "TV", series: 2, value: (t) => (t === 0 ? 0 : 1), slope: (t) => (t ? 0 : "none") },
    { id: "parallel-lines-js", label: "JS", series: 3, value: (t) => (t === 0 ? 0 : Math.LN2), slope: (t) => (t ? 0 : "none") },
    { id: "parallel-lines-w1", label: "W₁", series: 4, value: Math.abs, slope: (t) => (t ? Math.sign(t) : "none") },
  ];
  const TOP = 1.3; // where infinity is drawn
  const height = (value) => (value === Infinity ? TOP : value);
  const margin = { top: 14, right: 14, bottom: 40, left: 44 };
  let theta = 0.6, width = 0;

  const drawing = kit.html("div");
  const slider = kit.slider({
    id: "parallel-lines-theta", label: "θ", min: -1, max: 1, step: 0.01, value: theta, onInput: move,
  });
  const table = kit.readouts(["Value", "Slope"], MEASURES);
  stage.append(drawing, slider.element, table.element);

  function move(to) {
    theta = Math.min(1, Math.max(-1, Math.round(to * 100) / 100)) || 0;
    slider.set(theta);
    draw(width);
  }

  function lines() {
    const plot = kit.axes({ width, height: 150, x: [-1, 1], y: [0, 1], margin: { ...margin, top: 22, bottom: 6 } });
    for (let i = 0; i < 9; i++) {
      const y = (i + 0.5) / 9;
      if (theta) plot.line([0, y], [theta, y], { class: "stroke series-4 thin" });
    }
    plot.line([0, 0], [0, 1], { class: "stroke ink-stroke bar" });
    plot.line([theta, 0], [theta, 1], { class: "stroke model bar" });
    const apart = Math.abs(plot.X(theta) - plot.X(0)) > 16;
    plot.text([plot.X(0), 14], theta === 0 ? "P = Q" : "P", { "text-anchor": "middle" });
    if (apart) plot.text([plot.X(theta), 14], "Q", { "text-anchor": "middle" });
    const grip = kit.svg("rect", { x: plot.X(theta) - 22, y: 0, width: 44, height: 150, fill: "transparent" });
    plot.element.append(grip);
    kit.drag(grip, plot, move);
    return plot.element;
  }

  function curves() {
    const plot = kit.axes({
      width, height: 250, margin, x: [-1, 1], y: [0, TOP + 0.1], xLabel: "θ",
      xTicks: [-1, -0.5, 0, 0.5, 1], yTicks: [0, 0.5, [Math.LN2, "log 2"], 1, [TOP, "∞"]],
    });
    plot.line([theta, 0], [theta, TOP + 0.1], { class: "stroke now" });
    for (const { series, value } of MEASURES) {
      const name = `stroke series-${series}`;
      if (series === 4) {
        plot.curve([[-1, 1], [0, 0], [1, 1]], { class: name });
        continue;
      }
      const level = height(value(1)); // the same everywhere but at zero
      plot.curve([[-1, level], [-0.012, level], null, [0.012, level], [1, level]], { class: name });
      plot.dot([0, level], { class: `hollow series-${series}` });
    }
    plot.dot([0, 0], { class: "ink-fill", r: 3.5 });
    for (const { series, value } of MEASURES) plot.dot([theta, height(value(theta))], { class: `fill series-${series}` });
    kit.drag(plot.element, plot, move);
    return plot.element;
  }

  function draw(to) {
    width = to;
    drawing.replaceChildren(lines(), curves());
    for (const { id, value, slope } of MEASURES) {
      table.set(id, "Value", value(theta));
      table.set(id, "Slope", slope(theta), 0);
    }
  }
  return draw;
});
