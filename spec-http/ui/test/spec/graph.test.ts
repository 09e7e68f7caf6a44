import { describe, expect, it } from "vitest";
import { layoutOrder } from "../../src/pages/spec/graph/layout";
import { neighbour } from "../../src/pages/spec/graph/neighbour";
import { type GraphTask, orderTasks } from "../../src/pages/spec/graph/order";
import { numbers } from "../random";

const task = (id: string, dependsOn: string[] = [], hours = 1): GraphTask => ({
  id,
  dependsOn,
  hours,
});

describe("the order of tasks", () => {
  it("puts each task after those it waits for", () => {
    const order = orderTasks([task("c", ["a", "b"]), task("a"), task("b", ["a"], 3), task("d")]);
    expect(order.waves).toEqual([["a", "d"], ["b"], ["c"]]);
    expect(order.criticalPath).toEqual(["a", "b", "c"]);
    expect(order.criticalPathHours).toBe(5);
  });

  it("takes the longest chain by hours, not by tasks", () => {
    const order = orderTasks([
      task("big", [], 9),
      task("a"),
      task("b", ["a"]),
      task("end", ["b", "big"]),
    ]);
    expect(order.criticalPath).toEqual(["big", "end"]);
  });

  it("marks the edge that closes a cycle and goes on", () => {
    const order = orderTasks([
      task("a", ["c"]),
      task("b", ["a"]),
      task("c", ["b"]),
      task("s", ["s"]),
    ]);
    expect(order.edges.filter(({ cyclic }) => cyclic)).toHaveLength(2);
    expect(order.waves.flat().sort()).toEqual(["a", "b", "c", "s"]);
  });

  it("leaves out what is unknown or said twice", () => {
    const order = orderTasks([task("a", ["ghost"]), task("a"), task("b", ["a", "a"])]);
    expect(order.edges).toEqual([{ from: "a", to: "b", cyclic: false }]);
    expect(order.waves).toEqual([["a"], ["b"]]);
    expect(orderTasks([])).toMatchObject({ waves: [], criticalPath: [], criticalPathHours: 0 });
  });

  it("is not fooled by names of the language", () => {
    const order = orderTasks([task("__proto__"), task("constructor", ["__proto__"])]);
    expect(order.waves).toEqual([["__proto__"], ["constructor"]]);
  });

  it("orders any graph of 500 tasks without overlap, and soon", () => {
    const random = numbers(11);
    const started = performance.now();
    for (let round = 0; round < 10; round += 1) {
      const cyclic = round % 2 === 1;
      const tasks = Array.from({ length: 500 }, (_, index) => {
        const below = cyclic ? 500 : Math.max(1, index);
        const count = index === 0 && !cyclic ? 0 : random(4);
        return task(
          `T${index}`,
          Array.from({ length: count }, () => `T${random(below)}`),
          random(5),
        );
      });
      const order = orderTasks(tasks);
      const { places, width, height } = layoutOrder(order);
      expect(places.size).toBe(500);
      expect(new Set([...places.values()].map(({ x, y }) => `${x},${y}`)).size).toBe(500);
      for (const { x, y } of places.values()) {
        expect(x >= 0 && y >= 0 && x < width && y < height).toBe(true);
      }
      for (const { from, to, cyclic: closes } of order.edges) {
        if (!closes) expect(places.get(from)!.wave).toBeLessThan(places.get(to)!.wave);
      }
      if (!cyclic) expect(order.edges.every(({ cyclic: closes }) => !closes)).toBe(true);
    }
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("goes through a chain of 5000 tasks without a deep stack", () => {
    const tasks = Array.from({ length: 5_000 }, (_, index) =>
      task(`T${index}`, index === 4_999 ? [] : [`T${index + 1}`]),
    );
    expect(orderTasks(tasks).waves).toHaveLength(5_000);
  });

  it("lets the arrow keys reach every neighbour", () => {
    const order = orderTasks([task("a"), task("b"), task("c", ["a"]), task("d", ["b"])]);
    const places = [...layoutOrder(order).places.values()];
    const at = (id: string) => places.find((place) => place.id === id)!;
    expect(neighbour(places, at("a"), "ArrowRight")?.id).toBe("c");
    expect(neighbour(places, at("a"), "ArrowDown")?.id).toBe("b");
    expect(neighbour(places, at("d"), "ArrowLeft")?.id).toBe("b");
    expect(neighbour(places, at("a"), "ArrowUp")).toBeNull();
    expect(neighbour(places, at("a"), "x")).toBeNull();
  });
});
