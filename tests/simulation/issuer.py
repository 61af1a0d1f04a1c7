"""The modelled issuer of credentials: when they are issued, and until when they serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.response import SILENCE, Response, Says

if TYPE_CHECKING:
    from tests.simulation.plan import FaultPlan


class Issuer:
    """Issues credentials, and knows which of them serve.

    Args:
        life: seconds for which they serve; 0 for one key that never expires.
    """

    def __init__(self, life: float) -> None:
        self.life = life
        self._issued_at: list[float] = [0.0] if life <= 0 else []

    def serves(self, number: int, now: float, revoked_at: float) -> bool:
        """Whether the credentials of a number are accepted.

        Args:
            number: which ones; 0 for the first.
            now: the time.
            revoked_at: those issued before then are not accepted any more.
        """
        if not 0 <= number < len(self._issued_at):
            return False
        issued_at = self._issued_at[number]
        return issued_at >= revoked_at and (self.life <= 0 or now < issued_at + self.life)

    def issue(self, now: float, faults: list[FaultPlan]) -> Response:
        """Return new credentials, or what goes wrong."""
        for fault in faults:
            match fault.kind:
                case "iam_refuses":
                    return Response(Says.BAD_CREDENTIALS, 401)
                case "iam_same" if self._issued_at:
                    return Response(Says.RENEWED, renew_in=self.life * 0.8, same=True)
                case "iam_down" if fault.variant == "silent":
                    return SILENCE
                case "iam_down" if fault.variant == "429":
                    return Response(Says.THROTTLED, 429, retry_after=fault.number)
                case "iam_down":
                    return Response(Says.BROKEN, 503, retry_after=fault.number)
        self._issued_at.append(now)
        return Response(Says.RENEWED, renew_in=self.life * 0.8)

    def take_back(self) -> None:
        """Forget credentials that never reached the caller."""
        self._issued_at.pop()
