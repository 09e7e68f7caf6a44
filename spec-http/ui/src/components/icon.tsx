import type { ReactElement } from "react";

/** One-stroke drawings on a 20 × 20 grid. */
const drawings = {
  alert: <path d="M10 6.5v4.2M10 13.6v.1M10 2.8 1.9 16.8h16.2L10 2.8Z" />,
  archive: (
    <path d="M3 7v8.5A1.5 1.5 0 0 0 4.5 17h11a1.5 1.5 0 0 0 1.5-1.5V7M2 3.5h16V7H2zM8 10.5h4" />
  ),
  arrowLeft: <path d="M16 10H4m5 5-5-5 5-5" />,
  arrowRight: <path d="M4 10h12m-5-5 5 5-5 5" />,
  check: <path d="m4.5 10.5 3.6 3.6 7.4-8" />,
  chevronDown: <path d="m5.5 8 4.5 4.5L14.5 8" />,
  chevronRight: <path d="M8 5.5l4.5 4.5L8 14.5" />,
  clock: <path d="M10 5.8V10l2.8 1.8M10 17.2a7.2 7.2 0 1 0 0-14.4 7.2 7.2 0 0 0 0 14.4Z" />,
  close: <path d="m5.5 5.5 9 9m0-9-9 9" />,
  copy: <path d="M7.5 7.5h9v9h-9zM4.5 12.5h-1v-9h9v1" />,
  document: <path d="M5 2.8h6.5L15.5 7v10.2H5zM11.2 3v4.2h4M7.8 10.5h5M7.8 13.5h5" />,
  download: <path d="M10 3v9.5m-4-4 4 4 4-4M3.5 16.5h13" />,
  enter: <path d="M16 4.5v5a2 2 0 0 1-2 2H4.5m4 4-4-4 4-4" />,
  external: <path d="M8 4H4v12h12v-4M11.5 3.5h5v5M16 4l-7 7" />,
  mark: <path d="M4 5h12M4 10h8.5M4 15h5" />,
  moon: <path d="M16.8 11.6A7 7 0 0 1 8.4 3.2a7 7 0 1 0 8.4 8.4Z" />,
  offline: (
    <path d="M3 3l14 14M2.5 8a11 11 0 0 1 3.2-2.1M9 5a11 11 0 0 1 8.5 3M5.3 11.200a7 7 0 0 1 3-1.700M13 10a7 7 0 0 1 1.7 1.200M8.3 14.200a2.6 2.6 0 0 1 3.4 0M10 16.600v.1" />
  ),
  pause: <path d="M7 4.500v11M13 4.500v11" />,
  play: <path d="M6.5 4.200v11.600L15.5 10z" />,
  retry: <path d="M16.2 8.500A6.5 6.5 0 1 0 16.5 11M16.5 4v4.500H12" />,
  search: <path d="M9 14.500a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11Zm4-1.5 4 4" />,
  settings: (
    <path d="M3 6h7m4 0h3M3 14h3m4 0h7M12 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM8 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z" />
  ),
  stop: <path d="M5.5 5.500h9v9h-9z" />,
  sun: (
    <path d="M10 13.200a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.400ZM10 2v1.600M10 16.400V18M2 10h1.600M16.4 10H18M4.3 4.300l1.2 1.200M14.5 14.500l1.2 1.200M4.3 15.700l1.2-1.200M14.5 5.500l1.2-1.2" />
  ),
} satisfies Record<string, ReactElement>;

export type IconName = keyof typeof drawings;

/** Decoration only: what it stands for is said in words beside it. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      {drawings[name]}
    </svg>
  );
}
