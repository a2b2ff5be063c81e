// Small helpers that make and change elements; text always goes in as text.

/**
 * Makes an element.
 * `props`: `class`, `text`, `on` ({event: listener}), `prop` ({name: value}); every other name is an attribute,
 * left out when its value is null, undefined or false.
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "class") element.className = value;
    else if (name === "text") element.textContent = value;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "prop") Object.assign(element, value);
    else attribute(element, name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Sets an attribute, or takes it away. */
export function attribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value === true ? "" : value);
}

/** Changes a text only when it differs, so that nothing is read out twice. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows or hides. */
export function show(element, isShown) {
  if (element.hidden === isShown) element.hidden = !isShown;
}

/** Text for screen readers only. */
export function spoken(text) {
  return h("span", { class: "spoken", text });
}

/** A button that does one thing. */
export function button(text, action, props = {}) {
  return h("button", { type: "button", text, on: { click: action }, ...props });
}

/** Gives the focus to something that is no control, without a jump of the page. */
export function focusOn(element) {
  if (!element) return;
  if (!element.matches("button, a[href], input, summary")) element.tabIndex = -1;
  element.focus({ preventScroll: true });
}
