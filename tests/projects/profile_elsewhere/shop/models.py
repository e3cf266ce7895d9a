from django.conf import settings
from django.db import models


class Order(models.Model):
    customer = models.ForeignKey("people.Customer", on_delete=models.PROTECT)
    clerk = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    number = models.CharField(max_length=20, unique=True)
    placed = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["customer", "-placed"], name="orders_of_customer")]

    def __str__(self):
        return self.number


class Wish(models.Model):
    customer = models.ForeignKey("people.Customer", on_delete=models.CASCADE)
    thing = models.CharField(max_length=100)

    class Meta:
        unique_together = [("customer", "thing")]

    def __str__(self):
        return self.thing
