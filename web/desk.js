// One booking at the desk: what it waits for, what can be done to it, and doing it.
"use strict";
(() => {
  const main = document.getElementById("main");
  const reference = main.dataset.reference;
  const byId = (id) => document.getElementById(id);
  const told = byId("told");
  let hotel = "";
  let booking = null;

  // What each act asks for beside the version: [name, words, kind].
  const ACTS = {
    approve: { words: "Say yes", fields: [["note", "Note", "text"]] },
    decline: { words: "Say no", fields: [["reason", "Why", "text"]] },
    "assign-room": { words: "Assign a room", fields: [["room", "Room", "room"]] },
    "check-in": { words: "Check in", fields: [["reason", "Reason, if the room is not clean", "text"]] },
    payments: {
      words: "Take a payment",
      fields: [
        ["method", "How", "method"],
        ["amount", "Amount", "amount"],
        ["external_reference", "Receipt number", "text"],
      ],
    },
    "check-out": { words: "Check out", fields: [["reason", "Reason, if the balance stays open", "text"]] },
    "no-show": { words: "Mark as a no-show", fields: [["reason", "Note", "text"]] },
    cancel: { words: "Cancel", fields: [["reason", "Why", "text"]] },
  };
  const METHODS = [["cash", "Cash"], ["card_terminal", "Card terminal"], ["upi", "UPI"], ["transfer", "Transfer"]];

  function digits(currency) {
    return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  }
  function money(amount) {
    const places = digits(amount.currency);
    const shown = { minimumFractionDigits: places, maximumFractionDigits: places };
    return `${amount.currency} ${(amount.amount_minor / 10 ** places).toLocaleString("en", shown)}`;
  }

  // A date of the hotel's calendar belongs to no zone, so it is read and written in UTC.
  function day(date) {
    const parts = { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
    return new Intl.DateTimeFormat("en-GB", parts).format(new Date(`${date}T00:00:00Z`)).replace(",", "");
  }

  async function ask(path, method = "GET", body = undefined) {
    const headers = { "X-Holdfast": "1" };
    if (hotel) headers["X-Hotel"] = hotel;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const response = await fetch(`/api/v1/${path}`, { method, headers, body: sent, credentials: "same-origin" });
    const said = response.status === 204 ? {} : await response.json();
    if (!response.ok) throw Object.assign(new Error(said.detail || "That did not work."), { status: response.status });
    return said;
  }

  function cell(row, words, kind = "td") {
    const made = document.createElement(kind);
    if (kind === "th") made.scope = "row";
    made.textContent = words;
    row.append(made);
  }
  function rows(id, lines, heads = 0) {
    byId(id).replaceChildren(
      ...lines.map((line) => {
        const row = document.createElement("tr");
        line.forEach((words, place) => cell(row, words, place < heads ? "th" : "td"));
        return row;
      }),
    );
  }

  function input(name, kind, rooms) {
    if (kind === "room" || kind === "method") {
      const select = document.createElement("select");
      select.name = name;
      const choices = kind === "method" ? METHODS : [["", "The first free clean one"], ...rooms];
      for (const [value, words] of choices) select.add(new Option(words, value));
      return select;
    }
    const made = document.createElement("input");
    made.name = name;
    made.autocomplete = "off";
    made.maxLength = 100;
    if (kind === "amount") {
      made.inputMode = "decimal";
      made.required = true;
      made.value = (booking.balance.amount_minor / 10 ** digits(booking.balance.currency)).toFixed(
        digits(booking.balance.currency),
      );
    }
    return made;
  }

  function form(action, rooms) {
    const made = document.createElement("form");
    made.className = "act";
    const title = document.createElement("h3");
    title.textContent = ACTS[action].words;
    made.append(title);
    for (const [name, words, kind] of ACTS[action].fields) {
      const label = document.createElement("label");
      label.append(`${words} `, input(name, kind, rooms));
      made.append(label);
    }
    const button = document.createElement("button");
    button.textContent = ACTS[action].words;
    made.append(button);
    made.addEventListener("submit", (event) => {
      event.preventDefault();
      act(action, made, button);
    });
    return made;
  }

  function bodyOf(action, made) {
    const body = { version: booking.version };
    for (const [name, , kind] of ACTS[action].fields) {
      const value = made.elements[name].value.trim();
      if (kind === "amount") {
        const currency = booking.total.currency;
        const amount = Math.round(Number(value.replace(",", ".")) * 10 ** digits(currency));
        if (!Number.isSafeInteger(amount)) throw new Error("The amount is not a number.");
        body.amount = { amount_minor: amount, currency };
      } else if (value) {
        body[name] = value;
      }
    }
    return body;
  }

  async function act(action, made, button) {
    button.disabled = true;
    try {
      const body = bodyOf(action, made);
      await ask(`desk/bookings/${reference}/${action}`, "POST", body);
      told.textContent = `Done: ${ACTS[action].words}.`;
    } catch (trouble) {
      told.textContent = trouble.message;
    }
    button.disabled = false;
    await show();
  }

  async function freeRooms() {
    if (!booking.allowed_actions.includes("assign-room")) return [];
    const asked = new URLSearchParams({ arrival: booking.arrival, departure: booking.departure });
    const { items } = await ask(`desk/rooms?${asked}`);
    return items
      .filter((room) => room.free)
      .map((room) => [room.room, `${room.room}, ${room.room_type_name}, ${room.housekeeping}`]);
  }

  async function show() {
    try {
      booking = await ask(`desk/bookings/${reference}`);
    } catch (trouble) {
      byId("booking").hidden = true;
      if (trouble.status === 401) byId("login").hidden = false;
      else told.textContent = trouble.message;
      return;
    }
    const story = await ask(`desk/bookings/${reference}/timeline`);
    const rooms = await freeRooms();
    byId("login").hidden = true;
    byId("booking").hidden = false;
    byId("status").textContent = booking.status.replaceAll("_", " ");
    byId("attention").hidden = !booking.needs_attention;
    byId("attention").textContent = booking.attention;
    byId("waiting").textContent = booking.waiting_for;
    byId("temporal").href = booking.links.temporal_ui;
    rows("facts", facts(), 1);
    byId("agenda-table").hidden = !booking.agenda.length;
    byId("no-agenda").hidden = Boolean(booking.agenda.length);
    rows("agenda", booking.agenda.map((e) => [e.local_time, `${e.what}. ${e.consequence}`, setBy(e.set_by)]));
    rows(
      "timeline",
      story.items.map((e) => [e.local_time, e.sentence, awaited(e.awaited)]),
    );
    byId("acts").replaceChildren(...booking.allowed_actions.filter((a) => ACTS[a]).map((a) => form(a, rooms)));
    if (!booking.allowed_actions.length) byId("acts").textContent = "Nothing any more.";
  }

  function awaited(clock) {
    return clock ? `${inWords(clock.key)} until ${clock.until_local}, set by ${setBy(clock.set_by)}` : "";
  }
  function inWords(key) {
    return key.replace(/-(\d+)$/, " of $1").replaceAll("_", " ");
  }
  // Who moved a clock comes before the policy that had placed it.
  function setBy(who) {
    if (who.kind === "policy") return who.policy_version === null ? "policy" : `policy ${who.policy_version}`;
    const mover = who.name || who.role || who.kind;
    return who.reason ? `${mover}: ${who.reason}` : mover;
  }
  function facts() {
    const guest = booking.guest;
    return [
      ["Guest", [guest.name, guest.email, guest.phone, guest.country].filter(Boolean).join(", ")],
      ["Stay", `${day(booking.arrival)} to ${day(booking.departure)}`],
      ...booking.stays.map((s) => [
        `Room ${s.stay}`,
        `${s.room_type_name}, ${s.room ? `number ${s.room}` : "no number yet"}, ${s.status.replaceAll("_", " ")}`,
      ]),
      ["Total, paid, open", [booking.total, booking.paid, booking.balance].map(money).join(" · ")],
      ["Wishes", booking.special_requests || "none"],
    ];
  }

  async function begin() {
    try {
      const me = await ask("auth/me");
      // A reference begins with its hotel's code; the desk of another hotel is told 404 like everybody else.
      const places = me.hotels.map((place) => place.slug);
      byId("who").textContent = `${me.name} (${me.email})`;
      for (const slug of places) {
        hotel = slug;
        await show();
        if (booking) break;
      }
    } catch (trouble) {
      if (trouble.status === 401) byId("login").hidden = false;
      else told.textContent = trouble.message;
    }
  }

  byId("login").addEventListener("submit", async (event) => {
    event.preventDefault();
    const { email, password } = event.target.elements;
    told.textContent = "";
    try {
      await ask("auth/login", "POST", { email: email.value, password: password.value });
      password.value = "";
      byId("login").hidden = true;
      await begin();
    } catch (trouble) {
      told.textContent = trouble.message;
    }
  });
  byId("logout").addEventListener("click", async () => {
    await ask("auth/logout", "POST");
    location.reload();
  });
  begin();
})();
