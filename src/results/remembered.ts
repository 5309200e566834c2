/** Remembered: an object whose getters are asked once each; what they answered is what it says from then on. */
export function remembered<T extends object>(of: T): T {
  const known = new Map<PropertyKey, unknown>();
  return new Proxy(of, {
    get(target, key) {
      if (!known.has(key)) known.set(key, target[key as keyof T]);
      return known.get(key);
    },
  });
}
