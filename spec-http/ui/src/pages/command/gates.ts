import { PHASES, type Gates, type Phase } from "@spec/client";

export type GatePreset = "none" | "plan" | "all";

const reviewed: Record<GatePreset, readonly Phase[]> = {
  none: [],
  plan: ["requirements", "design"],
  all: PHASES,
};

export const gatePresets: readonly { preset: GatePreset; name: string; hint: string }[] = [
  { preset: "none", name: "No reviews", hint: "All five phases run without waiting." },
  {
    preset: "plan",
    name: "Review requirements and design",
    hint: "Waits for your approval after these two.",
  },
  { preset: "all", name: "Review everything", hint: "Waits for your approval after each phase." },
];

/** Which phases wait for a person. */
export function gatesOf(preset: GatePreset): Gates {
  const gate = (phase: Phase) => (reviewed[preset].includes(phase) ? "approve" : "none");
  return {
    explore: gate("explore"),
    requirements: gate("requirements"),
    design: gate("design"),
    tasks: gate("tasks"),
    sync: gate("sync"),
  };
}

/** The preset that has those gates, if there is one. */
export function presetOf(gates: Gates): GatePreset | null {
  const same = (preset: GatePreset) => {
    const own = gatesOf(preset);
    return PHASES.every((phase) => own[phase] === gates[phase]);
  };
  return gatePresets.find(({ preset }) => same(preset))?.preset ?? null;
}
