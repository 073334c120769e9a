import { greet } from "./greet";
import { gone } from "./gone";

console.log(greet({ name: gone }));
