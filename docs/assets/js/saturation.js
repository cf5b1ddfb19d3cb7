/* The generator's two losses at one fake sample, over the discriminator's logit v there, D = 1/(1 + e^-v):
   log(1 - D), whose gradient in v is -D, and -log D, whose gradient is -(1 - D).
   Source: Goodfellow et al., Generative adversarial nets (2014), section 3. */
"use strict";

Fenchel.picture("saturation", (stage, kit) => {
  const sigmoid = (v) => 1 / (1 + Math.exp(-v));
  const softplus = (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
  const LOSSES = [
    { id: "saturation-minimax", label: "log(1 − D), saturating", series: 1,
      value: (v) => -softplus(v), slope: (v) => -sigmoid(v) },
    { id: "saturation-non-saturating", label: "−log D, non-saturating", series: 4,
      value: (v) => softplus(-v), slope: (v) => -sigmoid(-v) },
  ];
  const END = 8;
  const margin = { top: 24, right: 14, bottom: 40, left: 44 };
  const D_TICKS = [[-6.907, "0.001"], [-4.595, "0.01"], [-2.197, "0.1"], [0, "0.5"], [2.197, "0.9"], [4.595, "0.99"],
                   [6.907, "0.999"]];
  let v = -4, width = 0;

  const drawing = kit.html("div");
  const slider = kit.slider({
    id: "saturation-logit", label: "logit v", min: -END, max: END, step: 0.1, value: v, digits: 1, onInput: move,
  });
  const table = kit.readouts(["Loss", "Gradient"], LOSSES);
  const judged = kit.html("output", { id: "saturation-d", for: "saturation-logit" });
  stage.append(drawing, slider.element, kit.html("p", {}, "The discriminator says D = ", judged), table.element);

  function move(to) {
    v = Math.min(END, Math.max(-END, Math.round(to * 10) / 10)) || 0;
    slider.set(v);
    draw(width);
  }

  /** One function of each loss over the logit, with a mark at v. */
  function panel(name, { height, y, yTicks, yLabel, xTicks, xLabel, tangents }) {
    const plot = kit.axes({ width, height, margin, x: [-END, END], y, xTicks, yTicks, xLabel, yLabel });
    plot.line([v, y[0]], [v, y[1]], { class: "stroke now" });
    for (const loss of LOSSES) {
      plot.curve(kit.sample(loss[name], -END, END), { class: `stroke series-${loss.series}` });
    }
    for (const loss of LOSSES) {
      const at = loss[name](v), slope = loss.slope(v), reach = 1.6 / Math.hypot(1, slope);
      if (tangents) {
        plot.line([v - reach, at - slope * reach], [v + reach, at + slope * reach], { class: "stroke ink-stroke" });
      }
      plot.dot([v, at], { class: `fill series-${loss.series}` });
    }
    kit.drag(plot.element, plot, move);
    return plot.element;
  }

  function draw(to) {
    width = to;
    const few = width < 480; // a phone has no room for every value of D
    drawing.replaceChildren(
      panel("value", {
        height: 270, y: [-9.5, 9.5], yTicks: [-8, -4, 0, 4, 8], yLabel: "loss, and its slope at v",
        xTicks: [-8, -4, 0, 4, 8], xLabel: "logit v", tangents: true,
      }),
      panel("slope", {
        height: 200, y: [-1.1, 0.15], yTicks: [-1, -0.5, 0], yLabel: "gradient in v",
        xTicks: D_TICKS.filter((_, i) => !few || i % 2 === 1), xLabel: "D",
      }),
    );
    judged.textContent = kit.format(sigmoid(v));
    for (const { id, value, slope } of LOSSES) {
      table.set(id, "Loss", value(v));
      table.set(id, "Gradient", slope(v));
    }
  }
  return draw;
});
