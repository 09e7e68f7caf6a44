import type { Place } from "./layout";

/** Where an arrow key leads from `from`: the nearest task in that column or row; `null`: nowhere. */
export function neighbour(places: readonly Place[], from: Place, key: string): Place | null {
  switch (key) {
    case "ArrowRight":
      return nearest(
        places.filter(({ wave }) => wave === from.wave + 1),
        from,
      );
    case "ArrowLeft":
      return nearest(
        places.filter(({ wave }) => wave === from.wave - 1),
        from,
      );
    case "ArrowDown":
      return nearest(
        places.filter(({ wave, y }) => wave === from.wave && y > from.y),
        from,
      );
    case "ArrowUp":
      return nearest(
        places.filter(({ wave, y }) => wave === from.wave && y < from.y),
        from,
      );
    case "Home":
      return places[0] ?? null;
    case "End":
      return places.at(-1) ?? null;
    default:
      return null;
  }
}

function nearest(places: readonly Place[], from: Place): Place | null {
  const far = ({ y }: Place) => Math.abs(y - from.y);
  return places.reduce<Place | null>(
    (best, place) => (best && far(best) <= far(place) ? best : place),
    null,
  );
}
