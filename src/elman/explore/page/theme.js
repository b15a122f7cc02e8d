// Light or dark: as the system says, until someone chooses; the choice is remembered on this machine.

const KEY = "elman-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

export function startTheme(store) {
  const follow = () => apply(store, localStorage.getItem(KEY) ?? (system.matches ? "dark" : "light"));
  system.addEventListener("change", follow);
  follow();
}

export function switchTheme(store) {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem(KEY, theme);
  apply(store, theme);
}

function apply(store, theme) {
  document.documentElement.dataset.theme = theme;
  document.getElementById("theme").textContent = theme === "dark" ? "☀" : "☾";
  store.set({ theme });
}
