import type { Spec } from "@spec/client";
import { useState } from "react";
import { useSearchParams } from "wouter";
import { type TabName, firstTab, readTab } from "./tab-names";

/** The tab that the address names. One that names none keeps the tab it began with. */
export function useTab(spec: Spec): [TabName, (tab: TabName) => void] {
  const [params, setParams] = useSearchParams();
  const [first] = useState(() => firstTab(spec));
  const select = (tab: TabName) => {
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        next.set("tab", tab);
        return next;
      },
      { replace: true },
    );
  };
  return [readTab(params.get("tab")) ?? first, select];
}
