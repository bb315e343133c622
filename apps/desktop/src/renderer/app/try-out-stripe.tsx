/** On every screen while security keys are software: nobody may mistake this for the real thing. */
export const TryOutStripe = () => (
  <div className="try-out" role="note">
    <strong>Try-out</strong> — security keys are software on this computer. Keep no real credential here.
  </div>
)
