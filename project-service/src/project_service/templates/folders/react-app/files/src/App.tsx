import { useState } from "react";

const NAME = "{{project_name}}";
const DESCRIPTION = "{{description}}";

export function App() {
  const [count, setCount] = useState(0);

  return (
    <main>
      <h1>{NAME}</h1>
      <p>{DESCRIPTION}</p>
      <button type="button" onClick={() => setCount((before) => before + 1)}>
        Clicked {count} times
      </button>
    </main>
  );
}
