import { expect } from "vitest";
import { scenariosOn } from "../harness/scenario";
import { expectNoReload, expectStatus, markLoad, step, timeline } from "../harness/spec-page";
import { readTimeline, timelineOfEvents } from "../harness/timeline";

const scenario = scenariosOn({ slowMs: 40, restarts: true });

scenario(
  "a page outlives the death of its server and catches up without a reload",
  async (scene) => {
    const { server } = scene;
    const id = await server.api.launch();
    const visitor = await scene.visit();
    const page = await visitor.openSpec(id);
    visitor.expectProblems(/ERR_CONNECTION_|ERR_INCOMPLETE_CHUNKED|ERR_NETWORK|ERR_EMPTY_RESPONSE/);
    await markLoad(page);
    await step(page, "Requirements").getByText("In progress").waitFor();

    await server.kill();
    await timeline(page)
      .getByText(/Reconnecting/)
      .waitFor();
    await server.begin();
    await timeline(page).getByText("Live", { exact: true }).waitFor();
    await expectStatus(page, "Completed");
    await timeline(page).getByText("Nothing more will come").waitFor();
    await expectNoReload(page);

    const told = timelineOfEvents(await server.api.events(id));
    const shown = await readTimeline(page);
    expect(shown).toEqual(told);
  },
);
