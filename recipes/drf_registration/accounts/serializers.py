from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from rest_framework import serializers

from accounts.models import Profile


class ProfileSerializer(serializers.ModelSerializer):
    class Meta:
        model = Profile
        fields = ["birthdate"]


class UserSerializer(serializers.ModelSerializer):
    """A user with the profile nested in it, to read and to change."""

    profile = ProfileSerializer(required=False)

    class Meta:
        model = User
        fields = ["username", "email", "profile"]
        read_only_fields = ["username"]

    @transaction.atomic
    def update(self, instance, validated_data):
        extra_fields = validated_data.pop("profile", {})
        return self.with_profile(super().update(instance, validated_data), extra_fields)

    def with_profile(self, user, extra_fields):
        """Store the extra fields, also for a user who has no profile yet."""
        user.profile, _ = Profile.objects.update_or_create(user=user, defaults=extra_fields)
        return user


class RegisterSerializer(UserSerializer):
    password = serializers.CharField(write_only=True)

    class Meta:
        model = User
        fields = ["username", "email", "password", "profile"]

    def validate(self, attrs):
        """Run AUTH_PASSWORD_VALIDATORS, which DRF does not run by itself."""
        user = User(username=attrs["username"], email=attrs.get("email", ""))
        try:
            validate_password(attrs["password"], user)
        except ValidationError as error:
            raise serializers.ValidationError({"password": error.messages}) from error
        return attrs

    @transaction.atomic
    def create(self, validated_data):
        extra_fields = validated_data.pop("profile", {})
        user = User.objects.create_user(**validated_data)
        return self.with_profile(user, extra_fields)
