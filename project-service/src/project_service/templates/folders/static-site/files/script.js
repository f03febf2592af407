const root = document.documentElement;

document.querySelector("#theme").addEventListener("click", () => {
  const prefersDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const current = root.dataset.theme ?? (prefersDark ? "dark" : "light");
  root.dataset.theme = current === "dark" ? "light" : "dark";
});
