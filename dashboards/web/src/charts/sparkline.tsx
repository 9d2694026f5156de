/** A row of counted strokes, one for each day. */
import "./sparkline.css";

const HEIGHT = 32;
const STEP = 6;

export function Sparkline({ values, label }: { values: number[]; label: string }) {
  const most = Math.max(1, ...values);
  const path = values
    .map((value, index) => `M${index * STEP + 2} ${HEIGHT}v${-Math.max(1, (value / most) * (HEIGHT - 1)).toFixed(1)}`)
    .join("");
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${values.length * STEP} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path d={path} />
    </svg>
  );
}
