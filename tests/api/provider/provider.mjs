// A certified OpenID provider (npm oidc-provider) with a sign-in page of one form: name, and whether a second factor
// was shown. argv: port, JSON { clients, accounts: { name: claims } }. Says "ready" when it listens.
import http from 'node:http'
import Provider from 'oidc-provider'

const port = Number(process.argv[2])
const { clients, accounts } = JSON.parse(process.argv[3])
const issuer = `http://127.0.0.1:${port}`

const provider = new Provider(issuer, {
  clients,
  claims: { openid: ['sub', 'acr', 'amr'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username', 'groups'] },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
  pkce: { required: () => true },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => (accounts[id] ? { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) } : undefined),
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId })
    grant.addOIDCScope('openid profile email')
    await grant.save()
    return grant
  },
  cookies: { keys: ['a test only'] },
})
provider.on('server_error', (_, error) => console.error(error))

const page = `<!doctype html><html><title>Provider</title><form method=post>
<label>Account <input name=login autofocus></label>
<label>Second factor shown <input type=checkbox name=mfa value=1></label>
<button>Continue</button></form></html>`

async function interact(request, response) {
  const { prompt } = await provider.interactionDetails(request, response)
  if (prompt.name === 'consent') { // a client at loopback is asked for at every sign-in
    await provider.interactionFinished(request, response, { consent: {} }, { mergeWithLastSubmission: true })
    return
  }
  if (request.method !== 'POST') {
    response.setHeader('content-type', 'text/html')
    response.end(page)
    return
  }
  let body = ''
  for await (const piece of request) body += piece
  const form = new URLSearchParams(body)
  const login = { accountId: form.get('login'), amr: form.get('mfa') ? ['pwd', 'otp', 'mfa'] : ['pwd'], remember: false }
  await provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false })
}

const answer = provider.callback()
http
  .createServer((request, response) => (request.url.startsWith('/interaction/') ? interact(request, response) : answer(request, response)))
  .listen(port, '127.0.0.1', () => console.log('ready'))
