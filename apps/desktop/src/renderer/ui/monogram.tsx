/** Two letters on a colour of their own: a provider or a person told apart at a glance, without anybody's logo. */
export const Monogram = ({ text, seed }: { text: string; seed: string }) => {
  let hash = 0
  for (const character of seed) hash = (hash * 31 + character.charCodeAt(0)) % 360
  return (
    <span
      className="monogram"
      aria-hidden
      style={{
        background: `light-dark(oklch(0.93 0.045 ${hash}), oklch(0.33 0.06 ${hash}))`,
        color: `light-dark(oklch(0.38 0.12 ${hash}), oklch(0.9 0.07 ${hash}))`,
      }}
    >
      {text
        .replace(/[^\p{L}\p{N} ]/gu, '')
        .split(' ')
        .map((word) => word[0] ?? '')
        .join('')
        .slice(0, 2)
        .toUpperCase()}
    </span>
  )
}
