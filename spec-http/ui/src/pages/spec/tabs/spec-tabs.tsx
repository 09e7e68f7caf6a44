import { Tabs } from "@base-ui/react/tabs";
import type { Phase, Spec } from "@spec/client";
import { type ComponentType, lazy, Suspense } from "react";
import { ErrorBoundary } from "../../../components/error-boundary";
import { Loading } from "../../../components/loading";
import type { PhaseTabProps } from "../artifact/artifact-view";
import { Decisions } from "../artifact/decisions";
import { TABS, TAB_NAMES, type TabName } from "./tab-names";
import "./tabs.css";

const PHASE_TABS: Readonly<
  Record<Exclude<TabName, "quality" | "usage">, ComponentType<PhaseTabProps>>
> = {
  explore: lazy(() => import("../explore/explore-tab")),
  requirements: lazy(() => import("../requirements/requirements-tab")),
  design: lazy(() => import("../design/design-tab")),
  tasks: lazy(() => import("../tasks/tasks-tab")),
};
const QualityTab = lazy(() => import("../quality/quality-tab"));
const UsageTab = lazy(() => import("../usage/usage-tab"));

export type ShownVersions = Readonly<Partial<Record<Phase, number | undefined>>>;

interface SpecTabsProps {
  spec: Spec;
  tab: TabName;
  onTab: (tab: TabName) => void;
  versions: ShownVersions;
  onVersion: (phase: Phase, version: number | undefined) => void;
  onBudget: (() => void) | undefined;
}

/** What the phases produced. A tab's code and data are loaded once it is shown. */
export function SpecTabs(props: SpecTabsProps) {
  const { tab, onTab } = props;
  return (
    <Tabs.Root className="spec-tabs" value={tab} onValueChange={(next) => onTab(next as TabName)}>
      <div className="tab-scroll">
        <Tabs.List className="tab-list" aria-label="Results" activateOnFocus={false}>
          {TABS.map((name) => (
            <Tabs.Tab key={name} value={name} className="tab">
              {TAB_NAMES[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </div>
      {TABS.map((name) => (
        <Tabs.Panel key={name} value={name} className="tab-panel">
          <ErrorBoundary at={name}>
            <Suspense fallback={<Loading label={`Loading ${TAB_NAMES[name]}`} />}>
              <TabBody {...props} name={name} />
            </Suspense>
          </ErrorBoundary>
        </Tabs.Panel>
      ))}
    </Tabs.Root>
  );
}

function TabBody({ name, spec, versions, onVersion, onBudget }: SpecTabsProps & { name: TabName }) {
  if (name === "quality") return <QualityTab spec={spec} />;
  if (name === "usage") return <UsageTab id={spec.id} onBudget={onBudget} />;
  const Tab = PHASE_TABS[name];
  const detail = spec.phases.find(({ phase }) => phase === name);
  return (
    <>
      {detail && <Decisions detail={detail} />}
      <Tab
        id={spec.id}
        phase={name}
        status={detail?.status ?? "pending"}
        specStatus={spec.status}
        commit={spec.commit}
        version={versions[name]}
        onVersion={(version) => onVersion(name, version)}
      />
    </>
  );
}
