/** The product's mark: one signature, and the second that crosses it. */
export const Mark = ({ size = 20 }: { size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 20 20" aria-hidden className="mark">
    <rect width="20" height="20" rx="5.5" fill="var(--accent)" />
    <path
      d="M4.6 10.6 7.4 13.4 13 6.4"
      fill="none"
      stroke="var(--on-accent)"
      strokeWidth="1.9"
      strokeLinecap="round"
      strokeLinejoin="round"
      opacity="0.55"
    />
    <path
      d="M8.4 11.6 10.2 13.4 15.6 6.6"
      fill="none"
      stroke="var(--on-accent)"
      strokeWidth="1.9"
      strokeLinecap="round"
      strokeLinejoin="round"
    />
  </svg>
)
