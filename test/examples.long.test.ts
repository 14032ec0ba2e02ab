import { OTHERS, testExamples } from "./support/examples.js";

testExamples(OTHERS);
