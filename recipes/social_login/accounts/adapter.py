from datetime import date

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Takes the birthdate from the provider, and asks for it if the provider sends none."""

    def populate_user(self, request, sociallogin, data):
        """Fill in the user whom allauth will create. `data` has only the names and the e-mail."""
        user = super().populate_user(request, sociallogin, data)
        claims = sociallogin.account.extra_data.get("userinfo", {})
        try:
            user.birthdate = date.fromisoformat(claims.get("birthdate") or "")
        except ValueError:  # OpenID Connect allows "2010" and "0000-05-04" too
            user.birthdate = None
        return user

    def is_auto_signup_allowed(self, request, sociallogin):
        """Return whether allauth may create the user without showing the sign-up page."""
        allowed = super().is_auto_signup_allowed(request, sociallogin)
        return allowed and sociallogin.user.birthdate is not None

    def get_signup_form_initial_data(self, sociallogin):
        """Return what the sign-up page shows at first."""
        initial = super().get_signup_form_initial_data(sociallogin)
        return {**initial, "birthdate": sociallogin.user.birthdate}
