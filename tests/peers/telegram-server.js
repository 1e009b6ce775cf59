// A fake Telegram for tests: npm telegram-test-api 4.2.1 (MIT, github.com/jehy/telegram-test-api), made strict enough for python-telegram-bot 22.
// Written for this project; README.md beside it says what it adds. Loopback only: node telegram-server.js PORT
const express = require('express'); const axios = require('axios');
const TelegramServer = require('telegram-test-api');
const BOT = {id: 666, is_bot: true, first_name: 'Test', username: 'TestNameBot', can_join_groups: false};
const origFormat = TelegramServer.formatUpdate;
TelegramServer.formatUpdate = (u) => {
  if (u.raw) return {update_id: u.updateId, ...u.raw};
  const out = origFormat(u);
  if (out.callback_query) {
    const q = out.callback_query, src = u.callbackQuery;
    q.chat_instance = src.chat_instance || '1';
    q.message = {message_id: 1, date: Math.floor(Date.now() / 1000), ...q.message, from: BOT};
  } else { delete out.message.botToken; }
  return out;
};
const refused = (res, status, description) => res.status(status).json({ok: false, error_code: status, description});
const wrongButtons = (markup) => {     // as Telegram says it; null if nothing is wrong
  let data;
  try { data = typeof markup === 'string' ? JSON.parse(markup) : markup; } catch (e) { return "Bad Request: can't parse reply keyboard markup JSON object"; }
  const buttons = ((data || {}).inline_keyboard || []).flat();
  if (buttons.some((b) => Buffer.byteLength(b.callback_data || '') > 64)) return 'Bad Request: BUTTON_DATA_INVALID';
  if (buttons.some((b) => !b.text)) return 'Bad Request: can\'t parse inline keyboard button: Text buttons are unallowed in the inline keyboard';
  return buttons.length > 100 ? 'Bad Request: REPLY_MARKUP_TOO_LONG' : null;
};
class Server extends TelegramServer {
  constructor(c) {
    super(c); this.calls = []; this.failNext = {}; this.commands = {};
    const front = express(); front.use(express.json({limit: '5mb'})); front.use(express.urlencoded({extended: true, limit: '5mb'}));
    const ok = (res, result) => res.json({ok: true, result});
    front.all('/bot:token/:method', async (req, res, next) => {
      const m = req.params.method, token = req.params.token;
      const rec = {method: m, body: {...req.query, ...req.body}, t: Date.now()}; this.calls.push(rec);
      const f = this.failNext[m];
      if (f && f.times-- > 0) {
        if (f.delay) await new Promise((r) => setTimeout(r, f.delay * 1000));
        return f.status ? res.status(f.status).json(f.body) : req.socket.destroy();
      }
      if (m === 'getMe') return ok(res, BOT);
      if (m === 'getUpdates') {           // real offset + long poll
        const off = Number(rec.body.offset || 0), tmo = Number(rec.body.timeout || 0) * 1000, t0 = Date.now();
        const tick = () => {
          if (this.webhooks[token]) return refused(res, 409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first");
          if (off > 0) this.storage.userMessages = this.storage.userMessages.filter((u) => u.botToken !== token || u.updateId >= off);
          const ups = this.storage.userMessages.filter((u) => u.botToken === token).slice(0, Number(rec.body.limit || 100)).map((u) => TelegramServer.formatUpdate(u));
          if (ups.length || Date.now() - t0 >= tmo) return ok(res, ups);
          if (req.socket.destroyed) return;
          setTimeout(tick, 50);
        }; return tick();
      }
      const languages = (this.commands[token] = this.commands[token] || {});
      const language = rec.body.language_code || '';
      if (m === 'setMyCommands') { languages[language] = typeof rec.body.commands === 'string' ? JSON.parse(rec.body.commands) : rec.body.commands; return ok(res, true); }
      if (m === 'getMyCommands') return ok(res, languages[language] || []);
      if (['sendChatAction', 'answerCallbackQuery', 'deleteMyCommands', 'editMessageReplyMarkup'].includes(m)) return ok(res, true);
      if (['sendMessage', 'sendPhoto', 'sendLocation', 'sendVenue', 'sendDocument', 'sendVoice'].includes(m)) {
        if (m === 'sendMessage' && !(rec.body.text || '').trim().length) return refused(res, 400, 'Bad Request: message text is empty');
        if (m === 'sendMessage' && rec.body.text.length > 4096) return refused(res, 400, 'Bad Request: message is too long');
        const wrong = wrongButtons(rec.body.reply_markup); if (wrong) return refused(res, 400, wrong);
        const r = this.addBotMessage({text: rec.body.caption || m, ...rec.body}, token);
        const chat = {id: Number(rec.body.chat_id), type: 'private', first_name: 'T'};
        const out = {message_id: r.message_id, date: Math.floor(Date.now() / 1000), chat, from: BOT, text: rec.body.text};
        if (r.reply_markup) out.reply_markup = r.reply_markup;
        return ok(res, out);
      }
      if (m === 'getWebhookInfo') { const w = this.webhooks[token]; return ok(res, {url: w ? w.url : '', has_custom_certificate: false, pending_update_count: this.storage.userMessages.filter((u) => u.botToken === token).length}); }
      if (m === 'setWebhook') { this.setWebhook(rec.body, token); return ok(res, true); }
      if (m === 'deleteWebhook') { this.deleteWebhook(token); return ok(res, true); }
      next();
    });
    front.get('/_calls', (req, res) => res.json(this.calls));
    front.post('/_fail/:method', (req, res) => { this.failNext[req.params.method] = req.body; res.json({}); });
    front.post('/_update', async (req, res) => {   // a raw update as Telegram would send it: waits for getUpdates, or goes to the webhook at once (reports status)
      const {token, update, secret} = req.body; const w = this.webhooks[token];
      const number = this.updateId++;
      if (!w) { this.storage.userMessages.push({time: Date.now(), botToken: token, updateId: number, raw: update}); return res.json({update_id: update.update_id || number}); }
      const h = {}; const s = secret === undefined ? w.secret_token : secret; if (s) h['X-Telegram-Bot-Api-Secret-Token'] = s;
      try { const t0 = Date.now(); const r = await axios({url: w.url, method: 'POST', data: {update_id: number, ...update}, headers: h, validateStatus: () => true}); res.json({status: r.status, data: r.data, ms: Date.now() - t0, update_id: update.update_id || number}); }
      catch (e) { res.json({error: String(e)}); }
    });
    front.use(this.webServer); this.webServer = front;
  }
  async addUserUpdate(update) {            // webhook delivery with secret header + retry on non-2xx, as Telegram does
    const w = this.webhooks[update.botToken];
    if (!w) { this.storage.userMessages.push(update); this.updateId++; return; }
    const headers = w.secret_token ? {'X-Telegram-Bot-Api-Secret-Token': w.secret_token} : {};
    const data = TelegramServer.formatUpdate(update); this.updateId++;
    for (let i = 0; i < 3; i++) {
      const r = await axios({url: w.url, method: 'POST', data, headers, validateStatus: () => true}).catch(() => ({status: 599}));
      if (r.status < 300) return;
      await new Promise((done) => setTimeout(done, 300));
    }
  }
}
(async () => {
  const s = new Server({port: Number(process.argv[2] || 9000), host: '127.0.0.1', storeTimeout: 600});
  await s.start(); console.log('up', s.config.apiURL);
  process.on('SIGTERM', () => process.exit(0));
})();
