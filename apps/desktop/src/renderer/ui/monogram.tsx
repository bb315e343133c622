/** A hue in degrees, far apart even for seeds that differ by one character (FNV-1a, then a turn of the golden angle). */
const hueOf = (seed: string): number => {
  let hash = 0x811c9dc5
  for (const character of seed) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0
  return Math.round((hash % 1024) * 137.508) % 360
}

/** Two letters on a colour of their own: a provider or a person told apart at a glance, without anybody's logo. */
export const Monogram = ({
  text,
  seed,
  size = 'normal',
}: {
  text: string
  seed: string
  size?: 'normal' | 'small'
}) => {
  const hash = hueOf(seed)
  return (
    <span
      className="monogram"
      data-size={size}
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
