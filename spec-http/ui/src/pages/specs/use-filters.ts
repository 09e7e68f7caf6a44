import { useMemo } from "react";
import { useSearchParams } from "wouter";
import { readFilters, writeFilters, type Filters } from "./query";

/** The filters in the address, and a way to change some of them. */
export function useFilters(): [Filters, (change: Partial<Filters>) => void] {
  const [parameters, setParameters] = useSearchParams();
  const filters = useMemo(() => readFilters(parameters), [parameters]);
  const change = (some: Partial<Filters>) =>
    setParameters((now) => writeFilters({ ...readFilters(now), ...some }), { replace: true });
  return [filters, change];
}
