// How the value of one unit at one step comes about: its sums with their largest terms, and the equation in numbers.

export function showArithmetic() {
  return { unmount() {} };
}
