// Forms whose choices may ask for a value of their own.

/** Shows the field that the chosen option asks for, with the value it has; gives the choice with what stands in the field. */
export function choices(select, field) {
  const input = field.querySelector("input");
  const chosen = () => JSON.parse(select.value);
  // {"status":{"http":503}} has its value two deep, {"accept_after":3000} one.
  const held = (choice) => {
    const [inner] = Object.entries(choice);
    return typeof inner[1] === "object" ? [inner[1], Object.keys(inner[1])[0]] : [choice, inner[0]];
  };
  const show = () => {
    const { asks } = select.selectedOptions[0].dataset;
    field.hidden = input.disabled = !asks;
    if (!asks) return;
    field.firstElementChild.textContent = asks;
    const [holder, name] = held(chosen());
    input.value = holder[name];
  };
  select.addEventListener("change", show);
  show();
  return () => {
    const choice = chosen();
    if (!input.disabled) {
      const [holder, name] = held(choice);
      holder[name] = typeof holder[name] === "number" ? Number(input.value) : input.value;
    }
    return choice;
  };
}
