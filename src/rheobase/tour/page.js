// The report works without this: it adds a choice of colors, buttons that hide code or copy it, and
// marks in the contents what is being read.
(() => {
  "use strict";
  const root = document.documentElement;

  const button = (text, about, action) => {
    const node = document.createElement("button");
    node.type = "button";
    node.textContent = text;
    node.title = about;
    node.addEventListener("click", action);
    return node;
  };

  // Pages opened from a file may not be allowed to remember anything.
  const remembered = () => { try { return localStorage.getItem("rheobase-theme"); } catch { return null; } };
  const remember = (theme) => { try { localStorage.setItem("rheobase-theme", theme); } catch { return; } };

  const dark = () => root.dataset.theme === "dark"
    || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  if (remembered()) root.dataset.theme = remembered();
  const theme = button("", "Change between dark on light and light on dark", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    remember(root.dataset.theme);
    name();
  });
  const name = () => { theme.textContent = dark() ? "Light" : "Dark"; };
  name();

  // For lectures: the figures one after the other, without the code between them.
  const plain = button("Hide code", "Show the page without its code, or with it", () => {
    const hidden = root.classList.toggle("plain");
    plain.setAttribute("aria-pressed", String(hidden));
    mark();
  });
  plain.setAttribute("aria-pressed", "false");
  const tools = document.createElement("div");
  tools.className = "tools";
  tools.append(plain, theme);
  document.querySelector("nav h2").after(tools);

  const copy = async (code, node) => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      node.textContent = "Copied";
    } catch {
      // Without the right to the clipboard, the code is at least chosen: one key copies it.
      getSelection().selectAllChildren(code);
      node.textContent = "Chosen";
    }
    setTimeout(() => { node.textContent = "Copy"; }, 1500);
  };
  for (const block of document.querySelectorAll(".code")) {
    const code = block.querySelector("code");
    const node = button("Copy", "Copy this code", () => copy(code, node));
    block.append(node);
  }

  const links = new Map([...document.querySelectorAll("nav a")].map((a) => [a.hash.slice(1), a]));
  const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  let current = null, asked = false;
  const mark = () => {
    asked = false;
    // At the end of the page the last heading may not come up any further.
    const ended = innerHeight + scrollY >= root.scrollHeight - 2;
    const line = ended ? innerHeight : innerHeight / 3;
    const read = headings.filter((h) => h.getBoundingClientRect().top < line).pop();
    const link = read && links.get(read.id);
    if (link === current) return;
    if (current) current.removeAttribute("aria-current");
    current = link || null;
    if (!current) return;
    current.setAttribute("aria-current", "true");
    const nav = current.closest("nav");
    if (nav.scrollHeight > nav.clientHeight + 1) {
      const [outer, inner] = [nav.getBoundingClientRect(), current.getBoundingClientRect()];
      if (inner.top < outer.top + 40 || inner.bottom > outer.bottom - 40) {
        nav.scrollTop += inner.top - outer.top - outer.height / 2;
      }
    }
  };
  const soon = () => { if (!asked) { asked = true; setTimeout(mark, 50); } };
  addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", soon);
  mark();
})();
