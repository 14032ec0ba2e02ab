import type { Question } from "nextval/catalog";
import { expect, test } from "vitest";
import { answersTo } from "../../../lib/cli/report/describe-plan.js";

const question: Question = { subject: "new_seq", oldName: "public.old_seq", yes: "rename", message: "", otherwise: "" };

test.each<[Partial<Question>, string[]]>([
  [{}, ["--rename public.old_seq=new_seq", "--new new_seq"]],
  [{ yes: "new" }, ["--new new_seq"]],
  [{ oldName: "public.it's old" }, [String.raw`--rename 'public.it'\''s old=new_seq'`, "--new new_seq"]],
  [{ subject: "$(new)" }, ["--rename 'public.old_seq=$(new)'", "--new '$(new)'"]],
  [{ subject: "a=b" }, ["renames in the configuration", "--new a=b"]],
])("the flags that answer a question are words of a shell: %j", (given, flags) => {
  expect(answersTo({ ...question, ...given })).toEqual(flags);
});
