/** On every screen while security keys are software: nobody may mistake this for the real thing. */
export const TryOutStripe = () => (
  <section className="try-out" aria-label="Try-out">
    <strong>Try-out</strong> — security keys are software on this computer. Keep no real credential here.
  </section>
)
