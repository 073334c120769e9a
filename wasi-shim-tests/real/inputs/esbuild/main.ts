import { greet, type Person } from "./greet";

const people: Person[] = [{ name: "Ada" }, { name: "Grüße", times: 2 }];
for (const person of people) {
  console.log(greet(person));
}
if (process.argv[2] === "fail") {
  throw new Error(`asked to fail after ${people.length} people`);
}
