// Light or dark.

const root = document.documentElement;

/** The button changes between light and dark; without it, the system decides. */
export function themes(button) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const show = () => {
    button.textContent = isDark() ? "Light" : "Dark";
  };
  const kept = localStorage.getItem("send-im-theme");
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem("send-im-theme", root.dataset.theme);
    show();
  });
  system.addEventListener("change", show);
  show();
}
