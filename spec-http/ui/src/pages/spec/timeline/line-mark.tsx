import type { ReactElement } from "react";
import type { LineIcon } from "./lines";

/** One-stroke drawings on a 16 × 16 grid. */
const DRAWINGS: Readonly<Record<LineIcon, ReactElement>> = {
  start: <path d="M5 3.500v9l7.500-4.500z" />,
  done: <path d="m3.500 8.500 3 3 6-6.500" />,
  message: <path d="M2.500 3.500h11v7.500H7l-3 2.500v-2.500H2.500z" />,
  thinking: (
    <path d="M8 2.500a5.500 4.500 0 1 1-.1 9M5 12.500h.1M3 14.500h.1M8 2.500a5.500 4.500 0 0 0-4.700 6.800" />
  ),
  tool: <path d="M9.500 6.500 3 13l-.500-2.500 6-6M9 3a3.500 3.500 0 0 1 4.500 4.500" />,
  file: <path d="M4 2h5l3 3v9H4zM9 2v3h3" />,
  output: <path d="m3 4 3.500 4L3 12M8.500 12H13" />,
  warning: <path d="M8 6v3M8 11.400v.1M8 2 1.500 13.500h13z" />,
  retry: <path d="M13 6.500A5.300 5.300 0 1 0 13.300 9M13.300 3v3.500H9.800" />,
  failed: <path d="m4 4 8 8m0-8-8 8" />,
  box: <path d="m8 2 5.500 3v6L8 14l-5.500-3V5zM2.500 5 8 8l5.500-3M8 8v6" />,
  person: (
    <path d="M8 8a2.800 2.800 0 1 0 0-5.600A2.800 2.800 0 0 0 8 8ZM2.800 14a5.200 5.200 0 0 1 10.400 0" />
  ),
  gate: <path d="M2.500 13.500v-8M13.500 13.500v-8M2.500 7h11M2.500 10.500h11" />,
  pause: <path d="M5.500 3.500v9M10.500 3.500v9" />,
  stop: <path d="M4 4h8v8H4z" />,
  cost: <path d="M8 2v12M11 4.500c-4-2-6.500.500-5.500 2s5 1 5.500 3-2.500 3.500-6 1.500" />,
};

export function LineMark({ icon }: { icon: LineIcon }) {
  return (
    <svg
      className="line-mark"
      aria-hidden="true"
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      {DRAWINGS[icon]}
    </svg>
  );
}
