// Sign-up forms: the small calculation that keeps robots out, on our own page and on others. No cookie, no third party.
// On another site:  <script src="https://accord.example/s/acme/newsletter/embed.js" defer></script>
(() => {
  "use strict";
  const here = document.currentScript;
  const base = /\/s\/[a-z0-9-]+\/[a-z0-9-]+(?=\/embed\.js)/.test(here.src) && here.src.replace(/\/embed\.js.*$/, "");

  // SHA-256 (FIPS 180-4) of ASCII text as hexadecimal; the browser's own one is missing on plain-HTTP sites.
  const K = new Uint32Array(64);
  const START = new Uint32Array(8);
  (() => {
    const fraction = (x) => ((x - Math.floor(x)) * 4294967296) >>> 0;
    for (let n = 2, found = 0; found < 64; n += 1) {
      let prime = true;
      for (let d = 2; d * d <= n; d += 1) if (n % d === 0) prime = false;
      if (!prime) continue;
      if (found < 8) START[found] = fraction(Math.sqrt(n));
      K[found] = fraction(Math.cbrt(n));
      found += 1;
    }
  })();

  function sha256(text) {
    const words = new Uint32Array((((text.length + 8) >> 6) + 1) * 16);
    for (let i = 0; i < text.length; i += 1) words[i >> 2] |= text.charCodeAt(i) << (24 - (i % 4) * 8);
    words[text.length >> 2] |= 0x80 << (24 - (text.length % 4) * 8);
    words[words.length - 1] = text.length * 8;
    const hash = START.slice();
    const w = new Uint32Array(64);
    const turn = (x, n) => (x >>> n) | (x << (32 - n));
    for (let at = 0; at < words.length; at += 16) {
      let [a, b, c, d, e, f, g, h] = hash;
      for (let i = 0; i < 64; i += 1) {
        if (i < 16) {
          w[i] = words[at + i];
        } else {
          const s0 = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >>> 3);
          const s1 = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >>> 10);
          w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }
        const t1 = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
        const t2 = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
      }
      [a, b, c, d, e, f, g, h].forEach((value, i) => { hash[i] += value; });
    }
    return Array.from(hash, (value) => value.toString(16).padStart(8, "0")).join("");
  }

  // Altcha: which number gives this hash? In slices, so that the page stays lively.
  function solve(challenge) {
    return new Promise((resolve) => {
      let number = 0;
      (function slice() {
        const until = Math.min(number + 2000, challenge.maxnumber + 1);
        for (; number < until; number += 1) {
          if (sha256(challenge.salt + number) !== challenge.challenge) continue;
          const { algorithm, salt, signature } = challenge;
          resolve(btoa(JSON.stringify({ algorithm, challenge: challenge.challenge, number, salt, signature })));
          return;
        }
        if (number <= challenge.maxnumber) setTimeout(slice, 0);
      })();
    });
  }

  function prepare(form) {
    const solved = solve(JSON.parse(form.dataset.challenge)).then((solution) => {
      form.elements.altcha.value = solution;
    });
    let sending = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (sending) return;
      sending = true;
      const status = form.querySelector(".form-status");
      status.textContent = form.dataset.wait;
      await solved;
      if (!base) {
        form.submit();
        return;
      }
      try {
        await post(form, status);
      } catch {
        status.textContent = form.dataset.failed;
      }
      sending = false;
    });
  }

  // On another site: send as JSON, and say what became of it where the form stands.
  async function post(form, status) {
    const body = { choices: [], page: location.href.split(/[?#]/)[0], attributes: {} };
    for (const [name, value] of new FormData(form)) {
      if (name === "choice") body.choices.push(value);
      else if (name.startsWith("answer.")) {
        const key = name.slice(7);
        const cut = key.lastIndexOf("-");
        body.choices.push({ purpose: key.slice(0, cut), channel: key.slice(cut + 1), answer: value });
      } else if (name.startsWith("attributes.")) body.attributes[name.slice(11)] = value;
      else if (value) body[name === "lang" ? "language" : name] = value;
    }
    const answer = await fetch(base, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "omit",
    });
    const said = await answer.json();
    if (answer.status === 202) {
      const done = document.createElement("p");
      done.className = "accord-done";
      done.setAttribute("role", "status");
      done.tabIndex = -1;
      done.textContent = said.message;
      form.replaceWith(done);
      done.focus();
      return;
    }
    const fresh = await load(form);
    const text = (said.errors || []).map((problem) => problem.detail).join(" ") || said.detail;
    fresh.querySelector(".form-status").textContent = text;
  }

  // The form as it stands now, in the place of another, with what was typed; choices are made anew.
  async function load(old) {
    const lang = document.documentElement.lang;
    const answer = await fetch(`${base}/fragment${lang ? `?lang=${encodeURIComponent(lang)}` : ""}`, { credentials: "omit" });
    const place = document.createElement("div");
    place.className = "accord-place";
    place.innerHTML = answer.ok ? await answer.text() : "";
    const form = place.querySelector("form");
    if (!form) {
      const problem = await answer.json().catch(() => ({}));
      place.textContent = problem.detail || "";
    }
    const stand = old && old.closest(".accord-place");
    if (stand) stand.replaceWith(place);
    else here.after(place);
    if (!form) return place;
    if (old) {
      for (const field of old.querySelectorAll("input[type=email], input[type=text], input[type=tel], select")) {
        if (form.elements[field.name]) form.elements[field.name].value = field.value;
      }
    }
    prepare(form);
    return form;
  }

  // Where the form can't be fetched (this site is not allowed, or the line is down) a link to it is left.
  if (base) {
    load().catch(() => {
      const link = document.createElement("a");
      link.href = base;
      link.textContent = base;
      here.after(link);
    });
  }
  else document.querySelectorAll("form[data-challenge]").forEach(prepare);
})();
