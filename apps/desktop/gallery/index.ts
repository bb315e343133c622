import '../src/renderer/theme/base.css'
import './index.css'
import { scenes } from './scenes.ts'

// Every scene as a link, by the first word of its name.
const list = document.querySelector('main')
const groups = Map.groupBy(scenes, (scene) => scene.name.split('-')[0] ?? scene.name)
for (const [group, members] of groups) {
  const title = document.createElement('h2')
  title.textContent = group
  const links = document.createElement('ul')
  for (const scene of members) {
    const link = document.createElement('a')
    link.href = `${scene.window ?? 'app'}.html?scene=${scene.name}`
    link.textContent = scene.name
    const item = document.createElement('li')
    item.append(link)
    links.append(item)
  }
  list?.append(title, links)
}
