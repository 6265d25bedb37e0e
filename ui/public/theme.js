// Runs before the first paint, in its own file so that the content security policy needs no inline script.
try {
  var chosen = localStorage.getItem('baigong.theme')
  var dark = chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
} catch (blocked) {
  document.documentElement.dataset.theme = 'light'
}
