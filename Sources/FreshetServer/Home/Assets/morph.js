// Makes a part of the page like another one with as few changes as it takes: focus, selection and scrolling stay.

export function morph(from, to) {
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  for (const name of from.getAttributeNames()) {
    if (!to.hasAttribute(name)) from.removeAttribute(name);
  }
  let place = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const found = match(from, place, wanted);
    if (!found) {
      from.insertBefore(document.importNode(wanted, true), place);
      continue;
    }
    if (found !== place) from.insertBefore(found, place);
    else place = place.nextSibling;
    if (found.nodeType === Node.ELEMENT_NODE) morph(found, wanted);
    else if (found.data !== wanted.data) found.data = wanted.data;
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

// The node that becomes `wanted`: the one of the same id, wherever it is, or the one at the place if it is of the same kind.
function match(parent, place, wanted) {
  if (wanted.id) {
    for (let node = place; node; node = node.nextSibling) {
      if (node.id === wanted.id && node.nodeName === wanted.nodeName) return node;
    }
    return null;
  }
  return place && !place.id && place.nodeName === wanted.nodeName ? place : null;
}
