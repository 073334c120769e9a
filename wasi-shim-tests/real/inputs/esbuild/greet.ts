export interface Person {
  name: string;
  times?: number;
}

const unused = () => "left out of the bundle";

export function greet({ name, times = 1 }: Person): string {
  return Array.from({ length: times }, (_, n) => `${n + 1}: hello, ${name}`).join("\n");
}
